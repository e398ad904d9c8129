import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sumsOf } from '../../dispatch/index.ts';
import { getEdition } from '../../newsroom/index.ts';
import type { Database } from '../../platform/database/index.ts';
import { reasonOf } from '../../platform/errors.ts';
import { stateText } from '../../reports/index.ts';
import { MINUTE_MS, SECOND_MS } from '../../lib/time.ts';

// Server-sent events: an edition's sums while it is being sent. However many follow one edition, it is counted once a second.

const LOOK_MS = SECOND_MS;
/** Without news a comment keeps proxies from closing the line. */
const QUIET_MS = 15 * SECOND_MS;
/** After so long the browser connects again by itself. */
const LONGEST_MS = 30 * MINUTE_MS;
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
  const sums = await sumsOf(db, editionId);
  const data = JSON.stringify({ state: edition.state, stateText: stateText(edition, sums), sums });
  return { isOver: OVER.has(edition.state), data };
}

export function followEdition(
  db: Database,
  editionId: number,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): FastifyReply {
  const gone = new AbortController();
  request.raw.once('close', () => gone.abort());
  reply.raw.once('close', () => gone.abort());
  return reply
    .type('text/event-stream')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .send(Readable.from(events(db, editionId, gone.signal)));
}

async function* events(db: Database, editionId: number, gone: AbortSignal): AsyncGenerator<string> {
  const began = performance.now();
  let before = '';
  let saidAt = began;
  while (!gone.aborted && performance.now() - began < LONGEST_MS) {
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
