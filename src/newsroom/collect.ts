import { reasonOf } from '../platform/errors.ts';
import type { FetchOptions } from '../platform/fetch/index.ts';
import { recordPieces } from '../pieces/index.ts';
import { type Source, findSource, listSources, readSource, recordProblem, recordSuccess } from '../sources/index.ts';
import type { Newsroom } from './newsroom.ts';

/** What collecting one source gave. */
export interface Collected {
  source: Pick<Source, 'id' | 'name' | 'url'>;
  outcome: 'read' | 'unchanged' | 'failed';
  found: number;
  new: number;
  changed: number;
  /** In words, where it failed. */
  problem: string | undefined;
}

const CONCURRENCY = 8;

/** Reads one source and takes its pieces into the pool. A source that fails is reported, not thrown. */
export async function collectSource(
  { db, clock, log }: Pick<Newsroom, 'db' | 'clock' | 'log'>,
  source: Source,
  options: FetchOptions = {},
): Promise<Collected> {
  const reading = await readSource(source, options);
  const now = clock.now();
  const nothing = { source, found: 0, new: 0, changed: 0, problem: undefined };
  switch (reading.outcome) {
    case 'failed':
      await recordProblem(db, source.id, now, reading.problem);
      log.warn(`source "${source.name}" could not be read`, { reason: reading.problem });
      return { ...nothing, outcome: 'failed', problem: reading.problem };
    case 'unchanged':
      await recordSuccess(db, source.id, now);
      return { ...nothing, outcome: 'unchanged' };
    case 'read': {
      const change = await recordPieces(db, source.id, reading.pieces, now);
      if (reading.pieces.length === 0) {
        const problem = `${source.url}: it is a feed, but it holds no pieces`;
        await recordProblem(db, source.id, now, problem);
        return { ...nothing, outcome: 'failed', problem };
      }
      await recordSuccess(db, source.id, now, reading);
      return { ...nothing, ...change, outcome: 'read' };
    }
  }
}

/** What there is to collect. */
export async function sourceIds({ db }: Pick<Newsroom, 'db'>): Promise<number[]> {
  return (await listSources(db)).map(({ id }) => id);
}

/** Collects every source, several at a time; one that is down, slow or broken does not keep the others. */
export async function collectAll(
  newsroom: Pick<Newsroom, 'db' | 'clock' | 'log'>,
  onDone: (collected: Collected) => void = () => {},
): Promise<Collected[]> {
  const sources = await listSources(newsroom.db);
  const results: Collected[] = [];
  const queue = [...sources];
  const lane = async () => {
    for (let source = queue.shift(); source !== undefined; source = queue.shift()) {
      const collected = await collectSafely(newsroom, source);
      results.push(collected);
      onDone(collected);
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, sources.length) }, lane));
  return results.toSorted((a, b) => a.source.id - b.source.id);
}

/** By id, for a job; a source that is gone in the meantime is none. */
export async function collectById(newsroom: Pick<Newsroom, 'db' | 'clock' | 'log'>, sourceId: number): Promise<void> {
  const source = await findSource(newsroom.db, sourceId);
  if (source !== undefined) await collectSource(newsroom, source);
}

async function collectSafely(newsroom: Pick<Newsroom, 'db' | 'clock' | 'log'>, source: Source): Promise<Collected> {
  try {
    return await collectSource(newsroom, source);
  } catch (error) {
    const problem = `${source.url}: ${reasonOf(error)}`;
    newsroom.log.error(`collecting "${source.name}" failed`, { reason: problem });
    return { source, outcome: 'failed', found: 0, new: 0, changed: 0, problem };
  }
}
