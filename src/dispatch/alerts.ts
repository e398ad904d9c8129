import { recordAct } from '../audit/index.ts';
import { type Edition, moveEdition } from '../editions/index.ts';
import { type Alert, raiseEditionAlert } from '../letters/index.ts';
import { type Database } from '../platform/database/index.ts';
import { announce } from '../webhooks/index.ts';

export type HoldKind =
  /** A recipient domain refuses us and is left alone. */
  | 'domain-held'
  /** Several do, and the edition is held. */
  | 'edition-held'
  /** A mail could not be made as it was approved, and the edition is held. */
  | 'mail-not-made';

/** Pauses a send and says why. Undefined where it was not being sent. */
export async function holdEdition(
  db: Database,
  editionId: number,
  kind: HoldKind,
  detail: Alert['detail'],
): Promise<Edition | undefined> {
  return db.transaction().execute(async (tx) => {
    const held = await moveEdition(tx, editionId, ['sending'], 'paused');
    if (held === undefined) return undefined;
    await raiseEditionAlert(tx, editionId, kind, detail);
    const { newsletterId, number } = held;
    await recordAct(tx, {
      actor: 'dispatch',
      act: 'edition paused',
      subject: `edition ${editionId}`,
      detail: { kind },
    });
    const data = { editionId, newsletterId, number, by: 'dispatch', cause: kind };
    await announce(tx, { type: 'edition.paused', newsletterId, data });
    return held;
  });
}
