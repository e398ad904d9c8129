import { type Edition, type Newsletter, findNewsletter, listNewsletters } from '../editions/index.ts';
import { getEdition } from '../newsroom/index.ts';
import type { Database } from '../platform/database/index.ts';
import { RoundupError } from '../platform/errors.ts';
import { type ImportRun, findImport } from '../subscribers/index.ts';
import { type Identity, mayNewsletter } from './access.ts';

// What an account may not see is not there for it.

/** Throws `not-found`. */
export async function visibleNewsletter(db: Database, identity: Identity, id: number): Promise<Newsletter> {
  const newsletter = mayNewsletter(identity, id) ? await findNewsletter(db, id) : undefined;
  return newsletter ?? none('newsletter', id);
}

export async function visibleNewsletters(db: Database, identity: Identity): Promise<Newsletter[]> {
  return (await listNewsletters(db)).filter(({ id }) => mayNewsletter(identity, id));
}

/** Throws `not-found`. */
export async function visibleEdition(db: Database, identity: Identity, id: number): Promise<Edition> {
  const edition = await getEdition(db, id);
  return mayNewsletter(identity, edition.newsletterId) ? edition : none('edition', id);
}

/** Throws `not-found`. */
export async function visibleImport(db: Database, identity: Identity, id: number): Promise<ImportRun> {
  const run = await findImport(db, id);
  return run !== undefined && mayNewsletter(identity, run.newsletterId) ? run : none('import', id);
}

/** Of a filter, and of what the account may see; undefined is all. */
export function visibleIds({ newsletterIds }: Identity, wanted: number | undefined): number[] | undefined {
  if (wanted === undefined) return newsletterIds ?? undefined;
  return newsletterIds === null || newsletterIds.includes(wanted) ? [wanted] : [];
}

function none(what: string, id: number): never {
  throw new RoundupError('not-found', id > 0 ? `There is no ${what} ${id}.` : `There is no such ${what}.`);
}
