import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { decodeText } from '../../src/sources/decode.ts';
import { parseFeed } from '../../src/sources/feed/index.ts';
import type { Parsed } from '../../src/sources/found.ts';
import { parseContent } from '../../src/sources/ghost/index.ts';
import { parsePage } from '../../src/sources/page/index.ts';
import { parseSitemap } from '../../src/sources/sitemap/index.ts';
import { parsePosts } from '../../src/sources/wordpress/index.ts';

// Real files, damaged: cut off, nested, repeated, swapped into other encodings, with bytes changed. Nothing throws, nothing
// hangs, nothing comes out that a page would run, and twice the input takes no more than its share of time.

const corpora = process.env.ROUNDUP_CORPORA;
const own = [
  '<?xml version="1.0"?><rss version="2.0"><channel><title>T</title><item><title>A &amp; B</title><link>https://x.example/a</link><description>&lt;p&gt;Text &lt;b&gt;bold&lt;/b&gt;&lt;/p&gt;</description></item></channel></rss>',
  '<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry><id>1</id><title type="html">&lt;i&gt;A&lt;/i&gt;</title><link href="https://x.example/a"/><content type="html">&lt;p&gt;x&lt;/p&gt;</content></entry></feed>',
  '{"version":"https://jsonfeed.org/version/1.1","title":"T","items":[{"id":"1","url":"https://x.example/a","content_html":"<p>x</p>"}]}',
  '[{"id":1,"link":"https://x.example/p","title":{"rendered":"P"},"content":{"rendered":"<p>x</p>"}}]',
  '{"posts":[{"id":"1","url":"https://x.example/g","title":"G","html":"<p>x</p>"}]}',
  '<urlset xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://x.example/n</loc><news:news><news:title>N</news:title></news:news></url></urlset>',
  '<html><head><title>T</title><script type="application/ld+json">{"@type":"NewsArticle","headline":"T","author":{"name":"A"}}</script></head><body><nav><a>x</a></nav><h1>T</h1><article><p>A paragraph of it, with words, and more.</p></article></body></html>',
].map((text) => Buffer.from(text));

function filesUnder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('expected-metadata.json'))
    .map((entry) => path.join(entry.parentPath, entry.name));
}

const real =
  corpora === undefined
    ? []
    : ['feeds/real', 'feeds/rss-parser/input', 'pages'].flatMap((folder) => filesUnder(path.join(corpora, folder)));
const seeds = [...own, ...real.map((file) => readFileSync(file).subarray(0, 400_000))];

const url = 'https://x.example/feed';
const readers: ((text: string) => Parsed | ReturnType<typeof parsePage>)[] = [
  (text) => parseFeed(text, url),
  (text) => parsePage(text, url),
  (text) => parsePosts(text, url),
  (text) => parseContent(text, url),
  (text) => parseSitemap(text, url),
];

type Mutation = { kind: string; at: number; length: number; times: number; bytes: Uint8Array };

const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('truncate', 'nest', 'repeat', 'swap', 'bytes', 'utf16', 'latin1', 'delete'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.nat(300),
  times: fc.integer({ min: 1, max: 200 }),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
});

function mutated(seed: Buffer, { kind, at, length, times, bytes }: Mutation): Buffer {
  const start = Math.floor(at * seed.length);
  const part = seed.subarray(start, start + length);
  const around = (...middle: Uint8Array[]) =>
    Buffer.concat([seed.subarray(0, start), ...middle, seed.subarray(start + length)]);
  switch (kind) {
    case 'truncate':
      return seed.subarray(0, start);
    case 'nest':
      return around(Buffer.from('<div>'.repeat(times * 20)), part);
    case 'repeat':
      return around(...Array.from({ length: times }, () => part));
    case 'swap':
      return Buffer.concat([seed.subarray(start), seed.subarray(0, start)]);
    case 'bytes':
      return around(bytes, part.subarray(bytes.length));
    case 'utf16':
      return Buffer.from(seed.toString('utf8'), 'utf16le');
    case 'latin1':
      return Buffer.from(seed.toString('utf8'), 'latin1');
    default:
      return around();
  }
}

function piecesOf(parsed: ReturnType<(typeof readers)[number]>) {
  if (!parsed.ok) {
    expect(parsed.problem).toMatch(/^(it|its|there) /);
    return [];
  }
  return 'piece' in parsed ? [parsed.piece] : parsed.pieces;
}

test('damaged files neither throw nor let anything out that is not plain', () => {
  fc.assert(
    fc.property(
      fc.nat(seeds.length - 1),
      fc.array(mutation, { minLength: 1, maxLength: 3 }),
      fc.nat(readers.length - 1),
      (which, mutations, reader) => {
        const bytes = mutations.reduce(mutated, seeds[which]!);
        const text = decodeText(bytes, '');
        const began = performance.now();
        for (const piece of piecesOf(readers[reader]!(text))) {
          expect(piece.url).toMatch(/^https?:\/\//);
          if (piece.image !== undefined) expect(piece.image.url).toMatch(/^https?:\/\//);
          for (const line of [piece.title, piece.deck, piece.kind, piece.region, ...piece.authors, ...piece.tags]) {
            expect(line).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
            expect(line.isWellFormed()).toBe(true);
            expect(line.length).toBeLessThanOrEqual(330);
          }
        }
        // A hang, not a measure: a machine that is busy is no failure.
        expect(performance.now() - began).toBeLessThan(15_000);
      },
    ),
    { numRuns: corpora === undefined ? 400 : 700, endOnFailure: true },
  );
});

const hostile: [string, (size: number) => string][] = [
  ['open tags', (size) => '<p>'.repeat(size / 3)],
  ['open brackets', (size) => '<'.repeat(size)],
  ['attributes', (size) => `<p ${'a="b" '.repeat(size / 6)}>`],
  ['entities', (size) => `<p>${'&amp;'.repeat(size / 5)}`],
  ['spaces', (size) => `<p>x${' '.repeat(size)}x`],
  ['ellipses', (size) => `<p>${'... [… '.repeat(size / 7)}`],
  ['credits', (size) => `<p>${'Photo credit: '.repeat(size / 14)}`],
  ['brackets', (size) => `<p>${'[a '.repeat(size / 3)}`],
  ['sentences', (size) => `<p>${'Mr. A. B. '.repeat(size / 10)}`],
  ['links', (size) => '<a href="/x">y</a>'.repeat(size / 18)],
  ['metas', (size) => '<meta property="og:title" content="x">'.repeat(size / 38)],
  ['scripts', (size) => `<script type="application/ld+json">${'['.repeat(size)}</script>`],
  ['sets', (size) => `<img srcset="${'a.jpg 1x, '.repeat(size / 10)}">`],
  ['comments', (size) => '<!-- '.repeat(size / 5)],
];

test.each(hostile)('%s: eight times as much takes no more than its share of time', (_, make) => {
  const wraps = [
    (html: string) => `<html><body><h1>T</h1><article>${html}</article></body></html>`,
    (html: string) =>
      `<rss version="2.0"><channel><title>T</title><item><title>T</title><link>https://x.example/a</link><description><![CDATA[${html}]]></description></item></channel></rss>`,
  ];
  for (const [index, wrap] of wraps.entries()) {
    const cost = (size: number) => {
      const text = wrap(make(size));
      const times = Array.from({ length: 2 }, () => {
        const began = process.cpuUsage();
        readers[1 - index]!(text);
        const { user, system } = process.cpuUsage(began);
        return user + system;
      });
      return Math.min(...times);
    };
    cost(12_000);
    // Quadratic would be sixty-four, each time; a fixed amount is allowed for what is too short to be measured.
    const isInProportion = () => cost(96_000) < 24 * cost(12_000) + 60_000;
    expect([1, 2, 3].some(isInProportion)).toBe(true);
  }
});
