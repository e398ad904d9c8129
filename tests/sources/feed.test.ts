import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { decodeText } from '../../src/sources/decode.ts';
import { parseFeed } from '../../src/sources/feed/index.ts';

const base = 'https://example.org/feed';
const corpora = process.env.ROUNDUP_CORPORA;
const real = corpora === undefined ? undefined : path.join(corpora, 'feeds');

const rss = (items: string, head = '') =>
  `<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>T</title>${head}${items}</channel></rss>`;
const only = (xml: string) => {
  const feed = parseFeed(xml, base);
  if (!feed.ok) throw new Error(feed.problem);
  return feed.pieces[0]!;
};

test('an RSS item becomes a piece', () => {
  const piece = only(
    rss(`<item><title>Peace &amp;amp; quiet</title><link>/2026/peace</link><guid isPermaLink="false">id-1</guid><pubDate>Wed, 5 Nov 2025 13:52:10 EST</pubDate>
      <dc:creator>By Ana &amp; Bo</dc:creator><category>Analysis | Middle East</category><category>ships</category>
      <description>&lt;p&gt;One sentence. &lt;b&gt;Two&lt;/b&gt; of them.&lt;/p&gt;</description>
      <media:content url="https://example.org/a.jpg" medium="image"><media:description>A ship</media:description><media:credit>C. Redit</media:credit></media:content></item>`),
  );
  expect(piece).toMatchObject({
    guid: 'id-1',
    url: 'https://example.org/2026/peace',
    title: 'Peace & quiet',
    deck: 'One sentence. Two of them.',
    kind: 'Analysis',
    region: 'Middle East',
    authors: ['Ana & Bo'],
    tags: ['ships'],
    image: { url: 'https://example.org/a.jpg', alt: 'A ship', credit: 'C. Redit' },
    publishedAt: new Date('2025-11-05T18:52:10Z'),
  });
});

test("an Atom entry without an author has its feed's (RFC 4287 4.2.1)", () => {
  const piece = only(
    `<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><author><name>House</name></author><entry><id>urn:1</id><title type="html">A &lt;em&gt;title&lt;/em&gt;</title><link rel="self" href="https://example.org/self"/><link rel="alternate" href="https://example.org/a"/><updated>2026-11-20T08:00:00+02:00</updated><summary>Sum.</summary></entry></feed>`,
  );
  expect(piece).toMatchObject({
    guid: 'urn:1',
    title: 'A title',
    url: 'https://example.org/a',
    authors: ['House'],
    publishedAt: new Date('2026-11-20T06:00:00Z'),
  });
});

test('an item without a title is known by its first words; one without an address is skipped', () => {
  const feed = parseFeed(
    rss(
      '<item><link>https://example.org/a</link><description>First words of it. More.</description></item><item><title>nowhere</title></item>',
    ),
    base,
  );
  expect(feed).toMatchObject({ ok: true, skipped: 1, pieces: [{ title: 'First words of it. More.' }] });
});

test('a credit is not told twice, and a teaser gives no reading time', () => {
  const media =
    '<media:content url="https://example.org/a.jpg" medium="image"><media:credit>Top photo credit: M. Ray</media:credit></media:content>';
  expect(
    only(
      rss(`<item><title>x</title><link>https://example.org/a</link><description>Short.</description>${media}</item>`),
    ),
  ).toMatchObject({
    readingMinutes: 0,
    image: { credit: 'M. Ray' },
  });
  expect(
    only(
      rss(
        `<item><title>x</title><link>https://example.org/a</link><description>${'word '.repeat(920)}</description></item>`,
      ),
    ).readingMinutes,
  ).toBe(4);
});

test('script addresses are no links', () => {
  const feed = parseFeed(rss('<item><title>x</title><link>javascript:alert(1)</link></item>'), base);
  expect(feed).toMatchObject({ ok: true, pieces: [] });
});

test.each([
  ['', 'it is empty'],
  [
    '<!DOCTYPE html><html><body>Are you a robot?</body></html>',
    'it is a web page (HTML), not a feed: look for an address that ends in /feed, /rss or .xml, or add the site itself',
  ],
  ['{"hello": 1}', 'it is no feed that we know (RSS, Atom, RDF or JSON Feed)'],
  ['just words', 'it is no feed that we know (RSS, Atom, RDF or JSON Feed)'],
])('%p is told apart in words', (text, problem) => {
  expect(parseFeed(text, base)).toEqual({ ok: false, problem });
});

test('external entities and entity bombs are not expanded', () => {
  const xxe = `<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><rss version="2.0"><channel><title>t</title><item><title>&x; &c;</title><link>https://example.org/a</link></item></channel></rss>`;
  const feed = parseFeed(xxe, base);
  expect(JSON.stringify(feed)).not.toContain('root:');
  expect(JSON.stringify(feed).length).toBeLessThan(2_000);
});

test.each([
  ['a byte order mark', Buffer.from('\ufeff<a>é</a>'), '', '<a>é</a>'],
  ["the header's charset", Buffer.from('<a>é</a>', 'latin1'), 'text/xml; charset="ISO-8859-1"', '<a>é</a>'],
  [
    "the prolog's encoding",
    Buffer.from('<?xml version="1.0" encoding="windows-1252"?><a>é</a>', 'latin1'),
    'text/xml',
    '<?xml version="1.0" encoding="windows-1252"?><a>é</a>',
  ],
  ['UTF-16', Buffer.from('\ufeff<a>é</a>', 'utf16le'), '', '<a>é</a>'],
  ['nothing', Buffer.from('<a>é</a>'), 'text/xml; charset=no-such', '<a>é</a>'],
])('bytes become text by %s', (_by, bytes, contentType, text) => {
  expect(decodeText(bytes, contentType)).toBe(text);
});

test('whatever a feed is cut to, stuffed with or broken into, it neither throws nor hangs', () => {
  const seed = rss(
    '<item><title>A &amp; B</title><link>https://example.org/a</link><description><![CDATA[<p>x</p>]]></description></item>'.repeat(
      3,
    ),
  );
  fc.assert(
    fc.property(
      fc.nat(seed.length),
      fc.nat(seed.length),
      fc.string({ maxLength: 20 }),
      fc.integer({ min: 1, max: 50 }),
      (from, to, stuffing, times) => {
        const [start, end] = from < to ? [from, to] : [to, from];
        expect(() => parseFeed(seed.slice(0, start) + stuffing.repeat(times) + seed.slice(end), base)).not.toThrow();
      },
    ),
    { numRuns: 400 },
  );
});

/** Where markup stood between words, parsers differ in the spaces that they leave. */
const squeezed = (text: string) => text.replace(/\s+/g, '');

interface Expected {
  title: string;
  entries: {
    id: string | null;
    link: string;
    title: string;
    author: string | null;
    published: string | null;
    updated: string | null;
  }[];
}

const suite = real === undefined ? describe.skip : describe;
suite(`real feeds${real === undefined ? ' (ROUNDUP_CORPORA is not set)' : ''}`, () => {
  const expectations =
    real === undefined
      ? {}
      : (JSON.parse(readFileSync(path.join(real, 'real-expected.json'), 'utf8')) as Record<string, Expected>);

  test.each(Object.entries(expectations))('%s reads as another parser reads it', (file, expected) => {
    const feed = parseFeed(decodeText(readFileSync(path.join(real!, 'real', file)), ''), 'http://feed.example/');
    if (!feed.ok) throw new Error(feed.problem);
    expect(feed.pieces).toHaveLength(expected.entries.length);
    for (const [index, entry] of expected.entries.entries()) {
      const piece = feed.pieces[index]!;
      // That parser resolves a relative id against the feed's address.
      expect([piece.guid ?? null, piece.guid === undefined ? null : `http://feed.example/${piece.guid}`]).toContain(
        entry.id,
      );
      expect(piece.url).toBe(new URL(entry.link).href);
      if (entry.title !== '') expect(squeezed(piece.title)).toBe(squeezed(entry.title));
      if (entry.author !== null) expect(squeezed(entry.author)).toContain(squeezed(piece.authors[0] ?? 'nobody'));
      expect(piece.publishedAt?.toISOString()).toBe(
        new Date(entry.published!).toISOString().replace(/\.\d+Z/, piece.publishedAt!.toISOString().slice(-5)),
      );
    }
  });

  test('every other file of the corpus is read or refused in words', () => {
    for (const folder of ['real', 'rss-parser/input'].map((name) => path.join(real!, name)).filter(existsSync)) {
      for (const file of readdirSync(folder)) {
        const feed = parseFeed(decodeText(readFileSync(path.join(folder, file)), ''), 'http://feed.example/');
        if (feed.ok)
          for (const piece of feed.pieces)
            expect(piece.title + piece.deck).not.toMatch(/<(p|div|a|span)[ >]|&(amp|lt|quot);/);
        else expect(feed.problem).toMatch(/^it |^its /);
      }
    }
  });
});

describe('what feeds of the wild hold', () => {
  const pieces = (text: string, url = base) => {
    const feed = parseFeed(text, url);
    if (!feed.ok) throw new Error(feed.problem);
    return feed.pieces;
  };
  const item = (inner: string, head = '') =>
    pieces(
      `<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><title>T</title>${head}<item><title>A</title><link>https://example.org/a</link>${inner}</item></channel></rss>`,
    )[0];

  test('of several sizes the largest; of what plays the thumbnail', () => {
    expect(
      item(
        '<media:content width="140" url="https://i.example/140.jpg"/><media:content width="700" url="https://i.example/700.jpg"/>',
      )?.image?.url,
    ).toBe('https://i.example/700.jpg');
    const [video] = pieces(
      '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"><title>V</title><entry><id>1</id><title>A film</title><link href="https://v.example/1"/><media:group><media:content url="https://v.example/1.mp4" type="video/mp4"/><media:thumbnail url="https://v.example/1.jpg" width="480"/><media:description>What the film shows, in a sentence.</media:description></media:group></entry></feed>',
    );
    expect(video).toMatchObject({
      deck: 'What the film shows, in a sentence.',
      image: { url: 'https://v.example/1.jpg' },
    });
  });

  test('text that is plain text is not read as markup', () => {
    const [json] = pieces(
      '{"version":"https://jsonfeed.org/version/1.1","title":"J","items":[{"id":"1","url":"https://example.org/1","title":"Why <video> beats & wins","content_text":"a < b"}]}',
    );
    expect(json?.title).toBe('Why <video> beats & wins');
  });

  test('relative links are the site’s, or where xml:base says', () => {
    const rss =
      '<rss version="2.0"><channel><title>T</title><link>https://site.example/</link><item><title>A</title><link>/a</link></item></channel></rss>';
    expect(pieces(rss, 'https://feeds.example/x')[0]?.url).toBe('https://site.example/a');
    const atom =
      '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://site.example/b/"><title>T</title><entry><id>1</id><title>A</title><link href="c"/></entry></feed>';
    expect(pieces(atom, 'https://feeds.example/x')[0]?.url).toBe('https://site.example/b/c');
  });

  test.each([
    ['Fri, 20 Nov 2026 09:00:00 BST', '2026-11-20T08:00:00.000Z'],
    ['20 Nov 2026 09:00 CET', '2026-11-20T08:00:00.000Z'],
    ['Fri, 20 Nov 2026 09:00:00', '2026-11-20T09:00:00.000Z'],
    ['2026-11-20 09:00:00', '2026-11-20T09:00:00.000Z'],
    ['2026-11-20T09:00:00+0100', '2026-11-20T08:00:00.000Z'],
    ['2026-11-20', '2026-11-20T00:00:00.000Z'],
    ['Issue 12', undefined],
    ['Fri, 20 Nov 12026 09:00:00 GMT', undefined],
  ])('the date %s', (text, iso) => {
    expect(item(`<pubDate>${text}</pubDate>`)?.publishedAt?.toISOString()).toBe(iso);
  });

  test('several people in one name, and nobody’s address beside them', () => {
    expect(item('<dc:creator>Ana Abel, Ben Bara and Cem de Cetin</dc:creator>')?.authors).toEqual([
      'Ana Abel',
      'Ben Bara',
      'Cem de Cetin',
    ]);
    expect(item('<dc:creator>Center for Arms Control and Non-Proliferation</dc:creator>')?.authors).toHaveLength(1);
    expect(item('<author>editor@example.org (Ana Abel)</author>')?.authors).toEqual(['Ana Abel']);
  });

  test('one that tells the reader to read more is not cut for it', () => {
    expect(item('<description>You should read more books by women.</description>')?.deck).toBe(
      'You should read more books by women.',
    );
  });

  test('an iframe that closes itself hides nothing', () => {
    expect(
      item('<description><![CDATA[<iframe src="x"/><p>The text behind it is there to be read.</p>]]></description>')
        ?.deck,
    ).toBe('The text behind it is there to be read.');
  });

  test('a picture by its lazy address, a credit from inside its caption, none from a sentence', () => {
    const image = (html: string) => item(`<description><![CDATA[${html}]]></description>`)?.image;
    expect(
      image('<img src="/images/spacer.gif" data-srcset="https://i.example/s.jpg 300w, https://i.example/l.jpg 900w">')
        ?.url,
    ).toBe('https://i.example/l.jpg');
    expect(image('<img src="https://i.example/images/pixel-9-pro.jpg">')?.url).toBe(
      'https://i.example/images/pixel-9-pro.jpg',
    );
    expect(image('<img src="https://i.example/a.jpg"><p>A port at dawn. (Photo by Jane Doe/Example)</p>')?.credit).toBe(
      'Jane Doe/Example',
    );
    expect(
      image('<img src="https://i.example/a.jpg"><p>Photo by my brother made me cry when I saw it.</p>')?.credit,
    ).toBe('');
  });

  test('one broken byte does not make another encoding of it', () => {
    const bytes = Buffer.concat([
      Buffer.from('<?xml version="1.0" encoding="UTF-8"?><a>Zoë – “café” '),
      Buffer.from([0xff, 0x00]),
      Buffer.from('é</a>'),
    ]);
    expect(decodeText(bytes, 'text/xml; charset=utf-8')).toContain('Zoë – “café”');
  });
});
