import { audienceText, blockText, compareContents, readContent } from '../editions/index.ts';
import type { Edition } from '../editions/index.ts';
import { counted, shorten } from '../lib/text.ts';
import { shortDateTime } from '../lib/time.ts';
import type { Newsroom } from './newsroom.ts';
import { renderNow } from './render.ts';

type Parts = Pick<Newsroom, 'db' | 'clock' | 'keys' | 'baseUrl' | 'unsubscribeAddress'>;

const MOST_CHANGES = 12;

/** An edition on half a page, for whoever is asked to look at it: what it says, what editors changed, what checks found. Plain text. */
export async function summaryOf(parts: Parts, edition: Edition): Promise<string> {
  const { content, findings, newsletter, sample } = await renderNow(parts, edition);
  const sections = content.sections
    .filter(({ pieces, blocks = [] }) => pieces.length > 0 || blocks.length > 0)
    .map(({ key, title, pieces, blocks = [] }) =>
      [
        title || key,
        ...pieces.map(
          (piece) => `  - ${piece.title}${piece.authors.length > 0 ? ` (${piece.authors.join(', ')})` : ''}`,
        ),
        ...blocks.map((block) => `  + ${blockText(block)}`),
      ].join('\n'),
    );
  const first = await readContent(parts.db, { id: edition.id, revision: 1 });
  const changes = compareContents(first, content).map(({ kind, what }) => `  - ${kind} ${shorten(what, 70)}`);
  const more = changes.length - MOST_CHANGES;
  const due = edition.slotAt === null ? [] : [`Due: ${shortDateTime(edition.slotAt, newsletter.timeZone)}`];
  return [
    [
      `Subject: ${content.subject}`,
      `Preheader: ${content.preheader}`,
      `For: ${audienceText(content.audience)}`,
      ...due,
      `Size: ${Math.ceil(Buffer.byteLength(sample.html) / 1024)} KiB`,
    ].join('\n'),
    ...sections,
    changes.length === 0
      ? 'Nobody has changed the proposal.'
      : [
          `${counted(changes.length, 'change')} since the proposal:`,
          ...changes.slice(0, MOST_CHANGES),
          ...(more > 0 ? [`  and ${more} more`] : []),
        ].join('\n'),
    findings.length === 0
      ? 'Preflight finds no fault with it.'
      : ['Findings:', ...findings.map(({ level, sentence }) => `  - ${level}: ${sentence}`)].join('\n'),
  ].join('\n\n');
}
