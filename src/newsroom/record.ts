import { recordAct } from '../audit/index.ts';
import type { Edition } from '../editions/index.ts';
import type { Database } from '../platform/database/index.ts';
import { type EventType, announce } from '../webhooks/index.ts';

/**
 * Writes down what was done with an edition and, where `event` says so, tells webhooks of it: both in the transaction in which
 * it is done.
 */
export async function recordEditionAct(
  tx: Database,
  { id, newsletterId, number }: Pick<Edition, 'id' | 'newsletterId' | 'number'>,
  { by, act, event, detail = {} }: { by: string; act: string; event?: EventType; detail?: Record<string, unknown> },
): Promise<void> {
  await recordAct(tx, { actor: by, act, subject: `edition ${id}`, detail });
  if (event !== undefined)
    await announce(tx, { type: event, newsletterId, data: { editionId: id, newsletterId, number, by, ...detail } });
}
