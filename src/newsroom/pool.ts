import {
  type ComposeInput,
  type Edition,
  type Newsletter,
  lastWindowEnd,
  nextNumber,
  piecesRunBefore,
} from '../editions/index.ts';
import { DAY_MS } from '../lib/time.ts';
import { listPieces, marksFor, undecidedPairs } from '../pieces/index.ts';
import type { Database } from '../platform/database/index.ts';
import { listSources } from '../sources/index.ts';

// What the composer looks at: the pieces of the window, those that editors have marked, and all that is remembered of them.

export interface Window {
  publishedAfter: Date;
  publishedUntil: Date;
  lateSince: Date;
}

/** Pieces that came to us late, after the last edition had been composed, are in the window too. */
export async function nextWindow(db: Database, newsletter: Newsletter, now: Date): Promise<Window> {
  const days = newsletter.windowDays * DAY_MS;
  const last = await lastWindowEnd(db, newsletter.id);
  const publishedAfter = last ?? new Date(now.getTime() - days);
  const lateSince = last === undefined ? publishedAfter : new Date(last.getTime() - days);
  return { publishedAfter, publishedUntil: now, lateSince };
}

/** The window of an edition that is there already, up to now. */
export function windowOf({ windowFrom }: Edition, newsletter: Newsletter, now: Date): Window {
  const lateSince = new Date(windowFrom.getTime() - newsletter.windowDays * DAY_MS);
  return { publishedAfter: windowFrom, publishedUntil: now, lateSince };
}

/** `edition`: of an edition that is composed again, its number, and the pieces that it has. */
export async function poolFor(
  db: Database,
  newsletter: Newsletter,
  window: Window,
  edition?: { id: number; number: number; pieceIds: number[] },
): Promise<ComposeInput> {
  const number = edition?.number ?? (await nextNumber(db, newsletter.id));
  const marks = await marksFor(db, newsletter.id, number);
  const marked = marks.filter(
    ({ mark, editionNumber }) => mark === 'pin' || (mark === 'hold' && (editionNumber ?? 0) < number),
  );
  const alsoIds = [...marked.map(({ pieceId }) => pieceId), ...(edition?.pieceIds ?? [])];
  const pieces = await listPieces(db, { sourceIds: newsletter.sourceIds, ...window, alsoIds });
  const ids = pieces.map(({ id }) => id);
  const pairs = await undecidedPairs(db, ids);
  const asked = [...new Set([...ids, ...pairs.map(({ pieceId }) => pieceId)])];
  const { sections, diversity, timeZone } = newsletter;
  return {
    sections,
    diversity,
    timeZone,
    pieces,
    now: window.publishedUntil,
    number,
    marks,
    pairs,
    ranIn: await piecesRunBefore(db, newsletter.id, asked, edition?.id ?? null),
    sourceNames: new Map((await listSources(db)).map((source) => [source.id, source.name])),
  };
}
