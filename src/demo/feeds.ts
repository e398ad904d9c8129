import { escapeHtml } from '../lib/escape.ts';
import { DAY_MS } from '../lib/time.ts';
import { type DemoPiece, type DemoPublication, contributorNames } from './content.ts';

// The publication's two feeds: its articles as RSS 2.0, its blog of short posts as Atom, each as a magazine's CMS writes them.

export interface FeedContext {
  publication: DemoPublication;
  baseUrl: string;
  /** When the demo began: the pieces' ages count from it. */
  startedAt: Date;
}

export function articlesRss(context: FeedContext): string {
  const { publication, baseUrl } = context;
  const items = publication.pieces.filter(({ kind }) => kind !== 'Dispatch').map((piece) => rssItem(context, piece));
  return `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/">
<channel>
<title>${escapeHtml(publication.name)}</title>
<link>${baseUrl}/</link>
<description>${escapeHtml(publication.tagline)}</description>
<language>en</language>
${items.join('\n')}
</channel>
</rss>
`;
}

export function dispatchesAtom(context: FeedContext): string {
  const { publication, baseUrl, startedAt } = context;
  const entries = publication.pieces
    .filter(({ kind }) => kind === 'Dispatch')
    .map((piece) => atomEntry(context, piece));
  return `<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
<title>${escapeHtml(publication.name)}: Dispatches</title>
<id>${baseUrl}/dispatches</id>
<link rel="alternate" href="${baseUrl}/"/>
<updated>${startedAt.toISOString()}</updated>
${entries.join('\n')}
</feed>
`;
}

export function urlOf(baseUrl: string, piece: DemoPiece): string {
  return `${baseUrl}/${piece.slug}`;
}

export function publishedAt({ startedAt }: FeedContext, piece: DemoPiece): Date {
  return new Date(startedAt.getTime() - piece.daysAgo * DAY_MS);
}

function rssItem(context: FeedContext, piece: DemoPiece): string {
  const url = urlOf(context.baseUrl, piece);
  const names = contributorNames(context.publication, piece);
  return `<item>
<title>${escapeHtml(piece.title)}</title>
<link>${url}?utm_source=feed&amp;utm_medium=rss</link>
<guid isPermaLink="false">${url}</guid>
<pubDate>${publishedAt(context, piece).toUTCString()}</pubDate>
${names.map((name) => `<dc:creator>${escapeHtml(name)}</dc:creator>`).join('')}
${[piece.kind, piece.region, ...piece.tags].map((word) => `<category>${escapeHtml(word)}</category>`).join('')}
<description>${escapeHtml(piece.deck === '' ? '' : `<p>${escapeHtml(piece.deck)}</p>`)}</description>
<content:encoded><![CDATA[${bodyHtml(piece)}]]></content:encoded>
${mediaOf(context, piece)}
</item>`;
}

function atomEntry(context: FeedContext, piece: DemoPiece): string {
  const url = urlOf(context.baseUrl, piece);
  const date = publishedAt(context, piece).toISOString();
  return `<entry>
<title>${escapeHtml(piece.title)}</title>
<link rel="alternate" href="${url}"/>
<id>${url}</id>
<published>${date}</published>
<updated>${date}</updated>
${contributorNames(context.publication, piece)
  .map((name) => `<author><name>${escapeHtml(name)}</name></author>`)
  .join('')}
${[piece.kind, piece.region, ...piece.tags].map((word) => `<category term="${escapeHtml(word)}"/>`).join('')}
${piece.deck === '' ? '' : `<summary>${escapeHtml(piece.deck)}</summary>`}
<content type="html">${escapeHtml(bodyHtml(piece))}</content>
</entry>`;
}

function mediaOf({ baseUrl }: FeedContext, piece: DemoPiece): string {
  if (piece.image === null) return '';
  return `<media:content url="${baseUrl}/images/${piece.image}" type="image/jpeg" medium="image" width="1200" height="675">
<media:description>${escapeHtml(piece.imageAlt)}</media:description>
<media:credit>${escapeHtml(piece.imageCredit)}</media:credit>
</media:content>`;
}

function bodyHtml(piece: DemoPiece): string {
  return piece.body.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`).join('\n');
}
