import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { recentDetails, recentSums } from '../dispatch/index.ts';
import { type Viewer, lastRevision, listViewers, noteViewer, removeViewer, linksLookedAt } from '../editions/index.ts';
import { getEdition } from '../newsroom/index.ts';
import type { Database } from '../platform/database/index.ts';
import type { Clock } from '../platform/clock.ts';
import { RoundupError, reasonOf } from '../platform/errors.ts';
import { type Identity, isStillIn } from './access.ts';
import { shareOf, stateText } from '../reports/index.ts';
import { MINUTE_MS, SECOND_MS } from '../lib/time.ts';

// Server-sent events: an edition's sums while it is being sent. However many follow one edition, it is counted once a second.

const LOOK_MS = SECOND_MS;
/** Without news a comment keeps proxies from closing the line. */
const QUIET_MS = 15 * SECOND_MS;
/** After so long the browser connects again by itself. */
const LONGEST_MS = 30 * MINUTE_MS;
/** So many at once for one account; and how often we look whether it is still let in. */
const MOST_LINES = 20;
const ASK_MS = 5 * SECOND_MS;
const OVER = new Set(['sent', 'stopped', 'cancelled']);

interface Standing {
  isOver: boolean;
  data: string;
}

const counted = new WeakMap<Database, Map<number, { at: number; standing: Promise<Standing> }>>();

/** An edition's standing, no older than a second. */
function standingOf(db: Database, editionId: number): Promise<Standing> {
  const ours = counted.get(db) ?? new Map<number, { at: number; standing: Promise<Standing> }>();
  counted.set(db, ours);
  const known = ours.get(editionId);
  if (known !== undefined && performance.now() - known.at < LOOK_MS) return known.standing;
  for (const [id, { at }] of ours) if (performance.now() - at > QUIET_MS) ours.delete(id);
  const standing = count(db, editionId);
  ours.set(editionId, { at: performance.now(), standing });
  return standing;
}

async function count(db: Database, editionId: number): Promise<Standing> {
  const edition = await getEdition(db, editionId);
  const { value: sums, at: countedAt } = await recentSums(db, edition);
  const { revision, madeBy } = await lastRevision(db, edition);
  // What is counted more slowly is asked for by whoever shows it.
  const detailsAt =
    edition.startedAt === null
      ? null
      : (await recentDetails(db, edition, { oldMs: OVER.has(edition.state) ? 0 : Infinity })).at;
  const standing = {
    state: edition.state,
    stateText: stateText(edition, sums),
    sums,
    share: shareOf(sums),
    revision,
    madeBy,
  };
  const viewers = await listViewers(db, editionId);
  const linksAt = await linksLookedAt(db, editionId);
  return {
    isOver: OVER.has(edition.state),
    data: JSON.stringify({
      ...standing,
      detailsAt,
      viewers,
      linksAt,
      countedAt: edition.startedAt === null ? null : countedAt,
    }),
  };
}

/** Throws `too-many-requests` where the account follows as much as it may already. */
export function followEdition(
  { db, clock }: { db: Database; clock: Clock },
  editionId: number,
  {
    request,
    reply,
    identity,
    isViewer = false,
  }: { request: FastifyRequest; reply: FastifyReply; identity: Identity; isViewer?: boolean },
): FastifyReply {
  const leave = comeIn(identity.account.id);

  const gone = new AbortController();
  request.raw.once('close', () => gone.abort());
  reply.raw.once('close', () => {
    gone.abort();
    leave();
  });
  const { id: accountId, name } = identity.account;
  const viewer = isViewer ? { accountId, name } : undefined;
  const isIn = () => isStillIn(db, identity, clock.now());
  return reply
    .type('text/event-stream')
    .header('x-accel-buffering', 'no')
    .send(Readable.from(events({ db, editionId, isIn, viewer }, gone.signal)));
}

const following = new Map<number, number>();

/** One more line of an account; what is returned takes it off again, once. */
function comeIn(accountId: number): () => void {
  const open = following.get(accountId) ?? 0;
  if (open >= MOST_LINES)
    throw new RoundupError('too-many-requests', `${MOST_LINES} of these are open already. Close one first.`);
  following.set(accountId, open + 1);
  let isOpen = true;
  return () => {
    if (!isOpen) return;
    isOpen = false;
    const left = (following.get(accountId) ?? 1) - 1;
    if (left === 0) following.delete(accountId);
    else following.set(accountId, left);
  };
}

interface Followed {
  db: Database;
  editionId: number;
  /** Whoever has been signed out, or shut out, sees no more. */
  isIn: () => Promise<boolean>;
  /** Whoever has its page before them, and is shown to the others. */
  viewer: Viewer | undefined;
}

async function* events(followed: Followed, gone: AbortSignal): AsyncGenerator<string> {
  const { db, editionId, viewer } = followed;
  try {
    yield* told(followed, gone);
  } finally {
    if (viewer !== undefined) await removeViewer(db, editionId, viewer.accountId).catch(() => {});
  }
}

async function* told({ db, editionId, isIn, viewer }: Followed, gone: AbortSignal): AsyncGenerator<string> {
  const began = performance.now();
  let before = '';
  let saidAt = began;
  let askedAt = began;
  const note = async () => viewer && (await noteViewer(db, editionId, viewer).catch(() => {}));
  await note();
  while (!gone.aborted && performance.now() - began < LONGEST_MS) {
    if (performance.now() - askedAt > ASK_MS) {
      if (!(await isIn().catch(() => true))) return;
      askedAt = performance.now();
      await note();
    }
    const { isOver, data } = await standingOf(db, editionId).catch((error: unknown) => failed(error));
    if (data !== before) {
      yield `event: sums\ndata: ${data}\n\n`;
      before = data;
      saidAt = performance.now();
    } else if (performance.now() - saidAt > QUIET_MS) {
      yield ': still there\n\n';
      saidAt = performance.now();
    }
    if (isOver) return yield 'event: end\ndata: {}\n\n';
    await sleep(LOOK_MS, undefined, { signal: gone }).catch(() => {});
  }
}

/** The database may be away for a moment: the line stays. */
function failed(error: unknown): Standing {
  return {
    isOver: false,
    data: JSON.stringify({ problem: reasonOf(error) === '' ? 'fault' : 'the database is away' }),
  };
}
