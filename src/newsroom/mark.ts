import { recordAct } from '../audit/index.ts';
import { type Newsletter, nextNumber } from '../editions/index.ts';
import { type MarkKind, clearMark, findPiece, setMark } from '../pieces/index.ts';
import { RoundupError } from '../platform/errors.ts';
import type { Newsroom } from './newsroom.ts';
import { noPiece } from './revise.ts';

/**
 * An editor's word on a piece for a newsletter's editions to come; `free` takes it back. What is held is held out of the next
 * edition that is composed, and may run in the one after it. Throws `not-found`, or `input-invalid` for a section that the
 * newsletter does not have.
 */
export async function markPiece(
  { db, clock }: Pick<Newsroom, 'db' | 'clock'>,
  newsletter: Newsletter,
  pieceId: number,
  word: { mark: MarkKind | 'free'; section?: string | undefined; by: string },
): Promise<void> {
  const { mark, section, by } = word;
  if (section !== undefined && newsletter.sections.every(({ key }) => key !== section)) {
    throw new RoundupError('input-invalid', `${newsletter.name} has no section "${section}".`, {
      hint: `There are: ${newsletter.sections.map(({ key }) => key).join(', ')}`,
    });
  }
  await db.transaction().execute(async (tx) => {
    if ((await findPiece(tx, pieceId)) === undefined) throw noPiece(pieceId);
    if (mark === 'free') await clearMark(tx, newsletter.id, pieceId);
    else
      await setMark(tx, {
        pieceId,
        newsletterId: newsletter.id,
        mark,
        editionNumber: mark === 'hold' ? await nextNumber(tx, newsletter.id) : null,
        section: section ?? null,
        madeBy: by,
        madeAt: clock.now(),
      });
    const detail = { newsletter: newsletter.slug, ...(section === undefined ? {} : { section }) };
    await recordAct(tx, {
      actor: by,
      act: `piece ${mark === 'free' ? 'freed' : `marked ${mark}`}`,
      subject: `piece ${pieceId}`,
      detail,
    });
  });
}
