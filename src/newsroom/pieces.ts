import { recordAct } from '../audit/index.ts';
import { type Piece, decideLikeness, findPiece, setEmbargo } from '../pieces/index.ts';
import type { Database } from '../platform/database/index.ts';
import { RoundupError } from '../platform/errors.ts';
import type { Newsroom } from './newsroom.ts';
import { noPiece } from './revise.ts';

type Parts = Pick<Newsroom, 'db' | 'clock'>;

/** Throws `not-found`. */
export async function getPiece(db: Database, id: number): Promise<Piece> {
  const piece = await findPiece(db, id);
  if (piece === undefined) throw noPiece(id);
  return piece;
}

/** No edition runs it before; null ends that. Throws `not-found`. */
export async function embargoPiece(
  { db }: Pick<Parts, 'db'>,
  id: number,
  until: Date | null,
  by: string,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await getPiece(tx, id);
    await setEmbargo(tx, id, until);
    const detail = { until: until?.toISOString() ?? null };
    await recordAct(tx, { actor: by, act: 'piece embargoed', subject: `piece ${id}`, detail });
  });
}

/** Somebody's word on whether two pieces are one story. Throws `not-found` or `input-invalid`. */
export async function decidePair(
  { db, clock }: Parts,
  pair: { pieceId: number; otherId: number },
  verdict: 'same' | 'different',
  by: string,
): Promise<void> {
  if (pair.pieceId === pair.otherId) throw new RoundupError('input-invalid', 'These are one piece already.');
  await db.transaction().execute(async (tx) => {
    await getPiece(tx, pair.pieceId);
    await getPiece(tx, pair.otherId);
    await decideLikeness(tx, pair, verdict, { name: by, at: clock.now() });
    const detail = { other: pair.otherId };
    await recordAct(tx, { actor: by, act: `pieces are ${verdict}`, subject: `piece ${pair.pieceId}`, detail });
  });
}
