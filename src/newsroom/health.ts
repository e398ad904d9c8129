import { type Newsletter, listNewsletters } from '../editions/index.ts';
import { raiseAlert } from '../letters/index.ts';
import { counted } from '../lib/text.ts';
import { DAY_MS, shortDateTime } from '../lib/time.ts';
import { type SourceFlow, sourceFlows } from '../pieces/index.ts';
import type { Database } from '../platform/database/index.ts';
import { type Source, listSources, markSourceTold } from '../sources/index.ts';
import type { Newsroom } from './newsroom.ts';

// How sources are: when one was last read, what is wrong with it, how much comes from it against what usually does, and when
// nothing comes that should.

export interface SourceHealth {
  source: Source;
  state: 'well' | 'failing' | 'silent' | 'paused' | 'new';
  /** In words, a line. */
  words: string;
  /** Pieces of the last seven days, and of a usual week. */
  week: number;
  usualWeek: number | undefined;
  newestAt: Date | undefined;
}

const FEWEST_KNOWN = 4;
/** A long week-end is none. */
const SHORTEST_SILENCE_DAYS = 5;
/** So many times the usual gap between two pieces is silence. */
const GAPS = 3;
const FAILING_MS = DAY_MS;

export async function sourceHealth(db: Database, now: Date): Promise<SourceHealth[]> {
  const flows = new Map((await sourceFlows(db, now)).map((flow) => [flow.sourceId, flow]));
  return (await listSources(db)).map((source) => healthOf(source, flows.get(source.id), now));
}

function healthOf(source: Source, flow: SourceFlow | undefined, now: Date): SourceHealth {
  const usualWeek = flow !== undefined && flow.known >= FEWEST_KNOWN ? flow.usualWeek : undefined;
  const newestAt = flow?.newestAt ?? undefined;
  const common = { source, week: flow?.week ?? 0, usualWeek, newestAt };
  const silentDays = newestAt === undefined ? 0 : Math.floor((now.getTime() - newestAt.getTime()) / DAY_MS);
  if (source.pausedAt !== null) return { ...common, state: 'paused', words: 'paused' };
  if (source.failingSince !== null)
    return { ...common, state: 'failing', words: source.lastProblem ?? 'it cannot be read' };
  if (source.succeededAt === null) return { ...common, state: 'new', words: 'not read yet' };
  if (usualWeek !== undefined && usualWeek > 0 && silentDays >= silenceAfter(usualWeek))
    return { ...common, state: 'silent', words: `silent for ${counted(silentDays, 'day')}` };
  return { ...common, state: 'well', words: flowWords(common) };
}

function silenceAfter(usualWeek: number): number {
  return Math.max(SHORTEST_SILENCE_DAYS, Math.ceil((GAPS * 7) / usualWeek));
}

function flowWords({ week, usualWeek }: Pick<SourceHealth, 'week' | 'usualWeek'>): string {
  const usual =
    usualWeek === undefined ? '' : `, ${usualWeek < 10 ? usualWeek.toFixed(1) : Math.round(usualWeek)} usually`;
  return `well: ${counted(week, 'piece')} in seven days${usual}`;
}

/** Tells the editors of newsletters that draw on a source when it has been failing for a day, or has gone silent; once. */
export async function watchSources({ db, clock }: Pick<Newsroom, 'db' | 'clock'>): Promise<void> {
  const now = clock.now();
  const newsletters = await listNewsletters(db);
  for (const health of await sourceHealth(db, now)) {
    const news = newsOf(health, now);
    if (news === health.source.told) continue;
    await db.transaction().execute(async (tx) => {
      if ((await markSourceTold(tx, health.source, news)) && news !== null) await tell(tx, newsletters, health, news);
    });
  }
}

function newsOf({ state, source }: SourceHealth, now: Date): Source['told'] {
  if (state === 'silent') return 'silent';
  const { failingSince } = source;
  return failingSince !== null && state === 'failing' && now.getTime() - failingSince.getTime() >= FAILING_MS
    ? 'failing'
    : null;
}

async function tell(
  db: Database,
  newsletters: Newsletter[],
  { source, words, newestAt, usualWeek }: SourceHealth,
  news: 'failing' | 'silent',
): Promise<void> {
  for (const { id, sourceIds, timeZone } of newsletters) {
    if (sourceIds.length > 0 && !sourceIds.includes(source.id)) continue;
    const detail = {
      source: source.name,
      url: source.url,
      words,
      since: source.failingSince === null ? '' : shortDateTime(source.failingSince, timeZone),
      newest: newestAt === undefined ? 'never' : shortDateTime(newestAt, timeZone),
      usual: (usualWeek ?? 0).toFixed(1),
    };
    await raiseAlert(db, { newsletterId: id, editionId: null, kind: `source-${news}`, detail });
  }
}
