import { recordAct } from '../audit/index.ts';
import type { EditionAudience, Newsletter } from '../editions/index.ts';
import type { Database } from '../platform/database/index.ts';
import { RoundupError } from '../platform/errors.ts';
import {
  type Filter,
  type Segment,
  checkFilter,
  countMembers,
  deleteSegment,
  estimateMembers,
  filterText,
  findSegment,
  firstMembers,
  listSegments,
  parseFilter,
  saveSegment,
} from '../subscribers/index.ts';
import type { Newsroom } from './newsroom.ts';

// Segments: parts of a newsletter's readers, for an edition or a test.

type Reading = Pick<Newsroom, 'db'>;
type Of = Pick<Newsletter, 'id' | 'language' | 'timeZone'>;

export interface SegmentCount {
  /** The filter in its usual form. */
  filter: string;
  count: number;
  /** False: about so many, from a sample. */
  isExact: boolean;
}

/** As an editor writes it; in its usual form it may be somewhat longer. */
const MAX_LENGTH = 4_000;

/**
 * Throws `input-invalid` where it cannot be read, or names what there is not. `visible`: the newsletters that the account sees; others
 * are not there for it.
 */
export async function readFilter(
  db: Database,
  newsletterId: number,
  text: string,
  visible?: number[] | null,
): Promise<Filter> {
  if (text.length > MAX_LENGTH)
    throw new RoundupError(
      'input-invalid',
      `A filter has ${MAX_LENGTH} characters at most; this one has ${text.length}.`,
    );
  const filter = parseFilter(text);
  await checkFilter(db, newsletterId, filter, visible ?? undefined);
  return filter;
}

/** Whom a filter means: the first of them, and how many, at once from a sample (`isExact` false) or counted. */
export async function countSegment(
  { db }: Reading,
  newsletter: Of,
  text: string,
  { exact, visible }: { exact: boolean; visible?: number[] | null },
): Promise<SegmentCount> {
  const of = await countable(db, newsletter, text, visible);
  const counted = exact ? { count: await countMembers(db, of), isExact: true } : await estimateMembers(db, of);
  return { filter: filterText(of.filter), ...counted };
}

/** `mayBeMailed`: of whom a filter means, those who may be mailed, whatever it asks for. */
export async function peopleOfSegment(
  { db }: Reading,
  newsletter: Of,
  text: string,
  { limit, mayBeMailed = false }: { limit: number; mayBeMailed?: boolean },
) {
  return firstMembers(db, { ...(await countable(db, newsletter, text)), mayBeMailed }, limit);
}

async function countable(db: Database, newsletter: Of, text: string, visible?: number[] | null) {
  const { id: newsletterId, language, timeZone } = newsletter;
  return { newsletterId, filter: await readFilter(db, newsletterId, text, visible), context: { language, timeZone } };
}

/** Keeps a filter under a name; under one that there is, it takes its place. Throws `input-invalid`. */
export async function keepSegment(
  { db, clock }: Pick<Newsroom, 'db' | 'clock'>,
  newsletterId: number,
  { name, filter, visible }: { name: string; filter: string; visible?: number[] | null },
  by: string,
): Promise<Segment> {
  const text = filterText(await readFilter(db, newsletterId, filter, visible));
  if (name.trim() === '' || name.length > 100) throw new RoundupError('input-invalid', 'A segment has a short name.');
  return db.transaction().execute(async (tx) => {
    const at = clock.now();
    const segment = await saveSegment(tx, { newsletterId, name: name.trim(), filter: text, by, at });
    const detail = { segment: segment.id, name: segment.name, filter: text };
    await recordAct(tx, { actor: by, act: 'segment saved', subject: `newsletter ${newsletterId}`, detail });
    return segment;
  });
}

/** Editions that go to it keep the filter as it was. Throws `not-found`. */
export async function removeSegment({ db }: Reading, id: number, by: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const segment = await findSegment(tx, id);
    if (segment === undefined) throw new RoundupError('not-found', `There is no segment ${id}.`);
    await deleteSegment(tx, id);
    const { newsletterId, name, filter } = segment;
    const detail = { segment: id, name, filter };
    await recordAct(tx, { actor: by, act: 'segment removed', subject: `newsletter ${newsletterId}`, detail });
  });
}

/** What an edition is to go by: a segment's name, or a filter; as it is now. Throws `input-invalid`. */
export async function audienceOf(
  db: Database,
  newsletterId: number,
  wanted: string,
  visible?: number[] | null,
): Promise<EditionAudience> {
  const named = (await listSegments(db, newsletterId)).find(
    ({ name }) => name.toLowerCase() === wanted.trim().toLowerCase(),
  );
  if (named !== undefined) return { name: named.name, filter: named.filter };
  return { name: '', filter: filterText(await readFilter(db, newsletterId, wanted, visible)) };
}
