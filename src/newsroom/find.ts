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

/** For who has seen another revision than there is now. */
export function otherRevision({ id, revision }: Pick<Edition, 'id' | 'revision'>, seen: number): RoundupError {
  return new RoundupError(
    'revision-changed',
    `Edition ${id} was changed meanwhile: it is at revision ${revision}, not ${seen}.`,
    { hint: 'Look at it as it is now, then try again.' },
  );
}
