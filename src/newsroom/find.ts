import { type Edition, findEdition } from '../editions/index.ts';
import type { Database } from '../platform/database/index.ts';
import { RoundupError } from '../platform/errors.ts';

/** Throws `not-found`. */
export async function getEdition(db: Database, id: number): Promise<Edition> {
  const edition = await findEdition(db, id);
  if (edition !== undefined) return edition;
  throw new RoundupError('not-found', `There is no edition ${id}.`, {
    hint: 'See which there are with: roundup edition list',
  });
}
