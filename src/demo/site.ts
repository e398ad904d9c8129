import { readFileSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { sha256 } from '../lib/hash.ts';
import { escapeHtml } from '../lib/escape.ts';
import { longDate } from '../lib/time.ts';
import { DEMO_FOLDER, type DemoPiece, contributorNames, readDemoPublication } from './content.ts';
import { type FeedContext, articlesRss, dispatchesAtom, publishedAt, urlOf } from './feeds.ts';

// The fictional publication's web site on a free loopback port: pages, photographs and two feeds that answer conditional
// requests, as a real one would.

export interface DemoSite {
  url: string;
  context: FeedContext;
  close(): Promise<void>;
}

interface Answer {
  status: number;
  type: string;
  body: string | Buffer;
}

export async function startDemoSite(port: number, startedAt: Date): Promise<DemoSite> {
  const publication = readDemoPublication();
  const context: FeedContext = { publication, baseUrl: '', startedAt };
  const server = createServer((request, response) => send(request, response, answer(context, request.url ?? '/')));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  context.baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: context.baseUrl,
    context,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function answer(context: FeedContext, url: string): Answer {
  const { pathname } = new URL(url, 'http://localhost');
  if (pathname === '/feeds/feed.rss')
    return { status: 200, type: 'application/rss+xml; charset=utf-8', body: articlesRss(context) };
  if (pathname === '/dispatches.atom')
    return { status: 200, type: 'application/atom+xml; charset=utf-8', body: dispatchesAtom(context) };
  if (pathname === '/logo.png') return image('logo.png', 'image/png');
  if (pathname === '/') return page(homePage(context));
  const picture = /^\/images\/([a-z0-9-]+\.jpg)$/.exec(pathname)?.[1];
  if (picture !== undefined) return image(picture, 'image/jpeg');
  const piece = context.publication.pieces.find(({ slug }) => `/${slug}` === pathname);
  return piece === undefined ? page('<h1>Not found</h1>', 404) : page(articlePage(context, piece));
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, body }: Answer): void {
  const etag = `"${sha256(body).slice(0, 20)}"`;
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, { etag }).end();
    return;
  }
  response.writeHead(status, { 'content-type': type, etag }).end(body);
}

function image(file: string, type: string): Answer {
  try {
    return { status: 200, type, body: readFileSync(path.join(DEMO_FOLDER, 'images', file)) };
  } catch {
    return page('<h1>Not found</h1>', 404);
  }
}

function homePage({ publication, baseUrl }: FeedContext): string {
  const links = publication.pieces
    .toSorted((a, b) => a.daysAgo - b.daysAgo)
    .map(
      (piece) =>
        `<li><small>${escapeHtml(piece.kind)} | ${escapeHtml(piece.region)}</small><br><a href="${urlOf(baseUrl, piece)}">${escapeHtml(piece.title)}</a></li>`,
    );
  return `<p>${escapeHtml(publication.about)}</p><ul>${links.join('')}</ul>`;
}

function articlePage(context: FeedContext, piece: DemoPiece): string {
  const { publication, baseUrl } = context;
  const figure =
    piece.image === null
      ? ''
      : `<figure><img src="${baseUrl}/images/${piece.image}" alt="${escapeHtml(piece.imageAlt)}"><figcaption>Top photo credit: ${escapeHtml(piece.imageCredit)}</figcaption></figure>`;
  const byline = `By ${contributorNames(publication, piece).map(escapeHtml).join(' and ')}, ${longDate(publishedAt(context, piece), 'UTC')}`;
  return `<p><small>${escapeHtml(piece.kind)} | ${escapeHtml(piece.region)}</small></p><h1>${escapeHtml(piece.title)}</h1>
<p><em>${escapeHtml(piece.deck)}</em></p><p><small>${byline}</small></p>${figure}
${piece.body.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`).join('\n')}`;
}

const STYLE =
  ':root{color-scheme:light dark}body{font:19px/1.6 Georgia,serif;max-width:42rem;margin:3rem auto;padding:0 1rem}img{max-width:100%}' +
  'figure{margin:1.5rem 0}figcaption,small{font:14px system-ui,sans-serif}h1{line-height:1.15}li{margin:.7rem 0}ul{list-style:none;padding:0}';

function page(body: string, status = 200): Answer {
  const { name } = readDemoPublication();
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(name)}</title><link rel="alternate" type="application/rss+xml" href="/feeds/feed.rss"><style>${STYLE}</style></head>
<body><p><a href="/"><strong>${escapeHtml(name)}</strong></a></p>${body}</body></html>`;
  return { status, type: 'text/html; charset=utf-8', body: html };
}
