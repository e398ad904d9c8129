import type { App } from '../../app.ts';
import { type Edition, type Newsletter, findNewsletter } from '../../editions/index.ts';
import { type Newsroom, getEdition } from '../../newsroom/index.ts';
import type { Database } from '../../platform/database/index.ts';
import { RoundupError } from '../../platform/errors.ts';
import { type Identity, mayNewsletter } from '../access.ts';

/** What the operations work with. */
export interface ApiParts {
  app: App;
  db: Database;
  newsroom(): Promise<Newsroom>;
}

/** What an account may not see is not there for it. Throws `not-found`. */
export async function visibleNewsletter(db: Database, identity: Identity, id: number): Promise<Newsletter> {
  const newsletter = mayNewsletter(identity, id) ? await findNewsletter(db, id) : undefined;
  if (newsletter === undefined) throw new RoundupError('not-found', `There is no newsletter ${id}.`);
  return newsletter;
}

/** Throws `not-found`. */
export async function visibleEdition(db: Database, identity: Identity, id: number): Promise<Edition> {
  const edition = await getEdition(db, id);
  if (!mayNewsletter(identity, edition.newsletterId)) throw new RoundupError('not-found', `There is no edition ${id}.`);
  return edition;
}

/** Of a filter, and of what the account may see; undefined is all. */
export function visibleIds({ newsletterIds }: Identity, wanted: number | undefined): number[] | undefined {
  if (wanted === undefined) return newsletterIds ?? undefined;
  return newsletterIds === null || newsletterIds.includes(wanted) ? [wanted] : [];
}

/** What the caller has seen must be what there is. Throws `revision-changed`. */
export function requireSeen(seen: string | undefined, now: string): void {
  if (seen === undefined || seen === '*' || seen === now) return;
  throw new RoundupError('revision-changed', 'It was changed since you read it.', {
    hint: 'Read it again, then send your change with its ETag.',
  });
}
