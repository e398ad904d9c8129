import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { decodeText } from '../../src/sources/decode.ts';
import { parsePage } from '../../src/sources/page/index.ts';

const corpora = process.env.ROUNDUP_CORPORA;
const pages = corpora === undefined ? undefined : path.join(corpora, 'pages');
const url = 'https://example.org/2026/11/story';
const read = (html: string, at = url) => {
  const page = parsePage(html, at);
  if (!page.ok) throw new Error(page.problem);
  return page.piece;
};
const paragraphs = (count: number) =>
  Array.from(
    { length: count },
    (_, index) =>
      `<p>Paragraph ${index} of the piece says something of substance, with commas, clauses and a full stop at its end.</p>`,
  ).join('\n');

test('what a page says of itself: JSON-LD first, then Open Graph', () => {
  const piece = read(`<!doctype html><html lang="en-GB"><head><title>A title – The Review</title>
    <link rel="canonical" href="/2026/11/story?utm_source=x">
    <meta property="og:title" content="A title"><meta property="og:description" content="The deck as shared.">
    <meta property="og:image" content="/img/a%2Cb.jpg?width=1200&amp;coordinates=0%2C1"><meta property="og:image:alt" content="A ship">
    <script type="application/ld+json">{"@context":"https://schema.org","@graph":[{"@type":"WebSite","name":"X"},
      {"@type":"AnalysisNewsArticle","headline":"A title","author":[{"@id":"#a"},{"@type":"Person","name":"B. Second"}],
       "datePublished":"2026-11-20T08:00:00+01:00","dateModified":"2026-11-21T08:00:00Z","articleSection":"Middle East","keywords":"ships, trade"},
      {"@type":"Person","@id":"#a","name":"Zoë First"}]}</script></head>
    <body><h1>A title</h1><article>${paragraphs(12)}</article></body></html>`);
  expect(piece).toMatchObject({
    title: 'A title',
    deck: 'The deck as shared.',
    deckIsGiven: true,
    kind: 'Analysis',
    region: 'Middle East',
    authors: ['Zoë First', 'B. Second'],
    tags: ['ships', 'trade'],
    image: { url: 'https://example.org/img/a%2Cb.jpg?width=1200&coordinates=0%2C1', alt: 'A ship', credit: '' },
    language: 'en-GB',
    publishedAt: new Date('2026-11-20T07:00:00Z'),
    updatedAt: new Date('2026-11-21T08:00:00Z'),
    correction: '',
    isRetracted: false,
  });
});

test('what one sees: kicker, byline, a lazily loaded image and its credit', () => {
  const piece = read(`<html><body><nav><a>Europe</a><a>Opinion</a></nav><main>
    <div class="over">Analysis | Middle East</div><h1>What the strait wants</h1><p class="byline">By Ana Perez and Jo Smith</p>
    <figure><img class="lazy" src="data:image/gif;base64,AA" data-src="/media/lead.jpg" alt="A tanker">
    <figcaption>A tanker at dawn. Top photo credit: Jane Doe/Example Pictures</figcaption></figure>
    ${paragraphs(12)}<p>Top photo credit: Somebody Else</p></main></body></html>`);
  expect(piece).toMatchObject({ kind: 'Analysis', region: 'Middle East', authors: ['Ana Perez', 'Jo Smith'] });
  expect(piece.image?.url).toBe('https://example.org/media/lead.jpg');
  expect(piece.image?.credit).toMatch(/Jane Doe|Somebody Else/);
});

test('microformats where there is nothing else', () => {
  const piece = read(`<html><body><div class="h-entry"><h1 class="p-name">A note</h1>
    <p class="p-summary">What it is about, in one sentence.</p><a class="p-author h-card" href="/me">Mia Note</a>
    <time class="dt-published" datetime="2026-11-18T10:00:00Z"></time><div class="e-content">${paragraphs(8)}</div></div></body></html>`);
  expect(piece).toMatchObject({
    deck: 'What it is about, in one sentence.',
    authors: ['Mia Note'],
    publishedAt: new Date('2026-11-18T10:00:00Z'),
  });
});

test('corrections and retractions are seen, and what only sounds like them is not', () => {
  const page = (extra: string, title = 'A title') =>
    read(`<html><body><h1>${title}</h1><article>${paragraphs(8)}${extra}</article></body></html>`);
  expect(page('<p><em>Correction: an earlier version gave the wrong year.</em></p>').correction).toMatch(/wrong year/);
  expect(page('<p>This article has been corrected to say who signed.</p>').correction).toMatch(/who signed/);
  expect(page('<p>Corrections officers said on Tuesday that nothing was wrong.</p>').correction).toBe('');
  expect(page('<p>A market correction: that is what some call it.</p>').correction).toBe('');
  expect(page('', 'RETRACTED: A title').isRetracted).toBe(true);
  expect(page('', 'Withdrawn troops return home').isRetracted).toBe(false);
});

test('an article is no bot wall for the scripts that it carries, or for what it is about', () => {
  const about = read(
    `<html><head><title>Access Denied: how ports close</title><script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script></head><body><h1>Access Denied: how ports close</h1><article>${paragraphs(8)}<p>DataDome and Incapsula incident ID are words.</p></article></body></html>`,
  );
  expect(about.title).toBe('Access Denied: how ports close');
});

test.each([
  ['', 'there is no article on this page'],
  ['<html><head><title>Just a moment...</title></head><body>cf_chl_opt</body></html>', 'bot wall of Cloudflare'],
  [`<html><body>${'<div>'.repeat(6_000)}x</body></html>`, 'too deeply nested'],
  ['<p>only a fragment</p>', 'there is no article'],
])('%.40s… is refused in words', (html, problem) => {
  const page = parsePage(html, url);
  expect(page.ok ? '' : page.problem).toContain(problem);
});

const suite = pages === undefined ? describe.skip : describe;
suite(`real pages${pages === undefined ? ' (ROUNDUP_CORPORA is not set)' : ''}`, () => {
  const names = pages === undefined || !existsSync(pages) ? [] : readdirSync(pages);

  test.each(names)('%s', (name) => {
    const folder = path.join(pages!, name);
    const expected = JSON.parse(readFileSync(path.join(folder, 'expected-metadata.json'), 'utf8'));
    const piece = read(
      decodeText(readFileSync(path.join(folder, 'source.html')), 'text/html'),
      `https://${name}.example/a`,
    );
    const squeezed = (text: string) => text.replace(/\s+/g, ' ').trim();
    expect(piece.title).toBe(squeezed(expected.title));
    if (expected.byline !== null) expect(piece.authors.join(', ')).toBe(expected.byline);
    if (expected.lang !== undefined && expected.lang !== null) expect(piece.language).toBe(expected.lang);
    if (expected.publishedTime !== null)
      expect(piece.publishedAt?.getTime()).toBe(new Date(expected.publishedTime).getTime());
    expect(piece.deck).not.toBe('');
  });
});
