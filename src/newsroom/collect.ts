import { reasonOf } from '../platform/errors.ts';
import type { FetchOptions } from '../platform/fetch/index.ts';
import { recordPieces } from '../pieces/index.ts';
import { inLanes } from '../lib/lanes.ts';
import { DAY_MS } from '../lib/time.ts';
import { type Source, findSource, listSources, readSource, recordProblem, recordSuccess } from '../sources/index.ts';
import { checkPieces } from './check.ts';
import { checkOpenLinks } from './checkLinks.ts';
import { completePieces } from './complete.ts';
import { watchSources } from './health.ts';
import type { Newsroom } from './newsroom.ts';

/** What collecting one source gave. */
export interface Collected {
  source: Pick<Source, 'id' | 'name' | 'url'>;
  outcome: 'read' | 'unchanged' | 'failed' | 'waiting';
  found: number;
  new: number;
  changed: number;
  /** In words, where it failed, or why it is left alone. */
  problem: string | undefined;
}

type Parts = Pick<Newsroom, 'db' | 'clock' | 'log' | 'keys'>;

const CONCURRENCY = 16;
/** How far back a source is paged: at first, and what may have come in late since the last time. */
const FIRST_DAYS = 30;
const LATE_DAYS = 2;

/** Reads one source and takes its pieces into the pool. A source that fails is reported, not thrown. */
export async function collectSource(
  { db, clock, log, keys }: Parts,
  source: Source,
  options: FetchOptions = {},
): Promise<Collected> {
  const nothing = { source, found: 0, new: 0, changed: 0, problem: undefined };
  const { waitUntil } = source;
  if (waitUntil !== null && waitUntil > clock.now())
    return { ...nothing, outcome: 'waiting', problem: `it asked to be left alone until ${waitUntil.toISOString()}` };
  const reading = await readSource(source, { ...options, keys, since: sinceOf(source, clock.now()) });
  const now = clock.now();
  switch (reading.outcome) {
    case 'failed':
      await recordProblem(db, source.id, now, reading.problem, reading.retryAt);
      log.warn(`source "${source.name}" could not be read`, { reason: reading.problem });
      return { ...nothing, outcome: 'failed', problem: reading.problem };
    case 'unchanged':
      await recordSuccess(db, source.id, now);
      return { ...nothing, outcome: 'unchanged' };
    case 'read': {
      const { changedIds: _ids, ...change } = await recordPieces(db, source.id, reading.pieces, now);
      // A news sitemap without news is well: it holds two days.
      if (reading.pieces.length === 0 && source.kind !== 'sitemap') {
        const problem = `${source.url}: it can be read, but it holds no pieces${reading.skipped > 0 ? ` that may be shown (${reading.skipped} left out)` : ''}`;
        await recordProblem(db, source.id, now, problem, undefined);
        return { ...nothing, outcome: 'failed', problem };
      }
      await recordSuccess(db, source.id, now, reading);
      if (reading.movedTo !== undefined)
        log.info(`source "${source.name}" has moved for good`, { from: source.url, to: reading.movedTo });
      return { ...nothing, ...change, outcome: 'read' };
    }
  }
}

function sinceOf({ succeededAt }: Source, now: Date): Date {
  const days = succeededAt === null ? FIRST_DAYS : LATE_DAYS;
  return new Date((succeededAt ?? now).getTime() - days * DAY_MS);
}

/** What there is to collect. */
export async function sourceIds({ db }: Pick<Newsroom, 'db'>): Promise<number[]> {
  return (await collectable(db)).map(({ id }) => id);
}

async function collectable(db: Newsroom['db']): Promise<Source[]> {
  return (await listSources(db)).filter(({ pausedAt }) => pausedAt === null);
}

/** Collects every source, several at a time; one that is down, slow or broken does not keep the others. */
export async function collectAll(
  newsroom: Parts,
  onDone: (collected: Collected) => void = () => {},
): Promise<Collected[]> {
  const sources = await collectable(newsroom.db);
  const results: Collected[] = [];
  await inLanes(sources, CONCURRENCY, async (source) => {
    const collected = await collectSafely(newsroom, source);
    results.push(collected);
    onDone(collected);
  });
  return results.toSorted((a, b) => a.source.id - b.source.id);
}

/** By id, for a job; a source that is gone in the meantime is none. */
export async function collectById(newsroom: Parts, sourceId: number): Promise<void> {
  const source = await findSource(newsroom.db, sourceId);
  if (source === undefined || source.pausedAt !== null) return;
  await collectSource(newsroom, source);
  await completePieces(newsroom, { sourceId });
}

/** What is looked at now and then: the pages of pieces that an edition on its way runs, where its links lead, and how the sources are. */
export async function lookAround(newsroom: Newsroom): Promise<void> {
  await checkPieces(newsroom);
  await watchSources(newsroom);
  await checkOpenLinks(newsroom);
}

async function collectSafely(newsroom: Parts, source: Source): Promise<Collected> {
  try {
    return await collectSource(newsroom, source);
  } catch (error) {
    const problem = `${source.url}: ${reasonOf(error)}`;
    newsroom.log.error(`collecting "${source.name}" failed`, { reason: problem });
    await recordProblem(newsroom.db, source.id, newsroom.clock.now(), problem, undefined).catch(() => {});
    return { source, outcome: 'failed', found: 0, new: 0, changed: 0, problem };
  }
}
