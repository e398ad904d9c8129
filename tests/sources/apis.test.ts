import { contentUrl, parseContent } from '../../src/sources/ghost/index.ts';
import { parseSitemap } from '../../src/sources/sitemap/index.ts';
import { parsePosts, postsUrl } from '../../src/sources/wordpress/index.ts';

const ok = <T extends { ok: boolean }>(parsed: T) => {
  if (!parsed.ok) throw new Error(JSON.stringify(parsed));
  return parsed as Extract<T, { ok: true }>;
};

describe('WordPress', () => {
  const url = 'https://example.org/wp-json/wp/v2/posts?_embed=1&per_page=50';
  const post = (over: object = {}) => ({
    id: 7,
    date: '2026-11-20T09:30:00',
    date_gmt: '2026-11-20T08:30:00',
    modified_gmt: '2026-11-21T10:00:00',
    guid: { rendered: 'http://example.org/?p=7' },
    status: 'publish',
    link: 'https://example.org/2026/11/a-post/',
    title: { rendered: 'Ships &#8211; <em>and</em> &amp;c.' },
    excerpt: { rendered: '<p>The deck of it, written by hand.</p>', protected: false },
    content: { rendered: `<p>${'The body of the post goes on for a while. '.repeat(40)}</p>`, protected: false },
    _embedded: {
      author: [{ id: 1, name: 'Zoë Author' }],
      'wp:featuredmedia': [
        {
          source_url: 'https://example.org/wp-content/a%2Cb.jpg',
          alt_text: 'A harbour',
          caption: { rendered: '<p>Photo credit: Jane Doe</p>' },
        },
      ],
      'wp:term': [
        [
          { name: 'Analysis', taxonomy: 'category' },
          { name: 'Middle East', taxonomy: 'category' },
        ],
        [{ name: 'ships &amp; trade', taxonomy: 'post_tag' }],
      ],
    },
    ...over,
  });
  const read = (posts: object[]) => ok(parsePosts(JSON.stringify(posts), url));

  test('a post with all that belongs to it; date_gmt is UTC without saying so', () => {
    expect(read([post()]).pieces[0]).toMatchObject({
      guid: 'http://example.org/?p=7',
      title: 'Ships – and &c.',
      deck: 'The deck of it, written by hand.',
      deckIsGiven: true,
      kind: 'Analysis',
      region: 'Middle East',
      tags: ['ships & trade'],
      authors: ['Zoë Author'],
      image: { url: 'https://example.org/wp-content/a%2Cb.jpg', alt: 'A harbour', credit: 'Jane Doe' },
      publishedAt: new Date('2026-11-20T08:30:00Z'),
      updatedAt: new Date('2026-11-21T10:00:00Z'),
    });
  });

  test('errors in the place of what should be embedded are not taken for it', () => {
    const refused = { code: 'rest_user_invalid_id', message: 'Invalid user ID.', data: { status: 404 } };
    const [piece] = read([
      post({
        _embedded: { author: [refused], 'wp:featuredmedia': [{ code: 'rest_forbidden' }], 'wp:term': [refused] },
      }),
    ]).pieces;
    expect(piece).toMatchObject({ authors: [], image: undefined, kind: '', tags: [] });
  });

  test('what a password protects is not given away, and drafts are no pieces', () => {
    const locked = post({
      content: { rendered: 'secret', protected: true },
      excerpt: { rendered: 'secret', protected: true },
    });
    const { pieces, skipped } = read([locked, post({ status: 'draft' }), { nothing: true }]);
    expect(JSON.stringify(pieces)).not.toContain('secret');
    expect([pieces.length, skipped]).toEqual([1, 2]);
  });

  test('an automatic excerpt that was cut off becomes whole sentences of the body', () => {
    const [piece] = read([
      post({ excerpt: { rendered: '<p>The body of the post goes on for a while. The bo [&hellip;]</p>' } }),
    ]).pieces;
    expect(piece?.deck).toMatch(/^The body of the post goes on for a while\./);
    expect(piece?.deck).toMatch(/\.$/);
    expect(piece?.deckIsGiven).toBe(false);
  });

  test('an error of the API is told in its words; the address of posts goes with or without pretty links', () => {
    const error = JSON.stringify({ code: 'rest_no_route', message: 'No route was found.' });
    expect(parsePosts(error, url)).toEqual({
      ok: false,
      problem: 'its WordPress API says: No route was found. (rest_no_route)',
    });
    expect(parsePosts('<html>', url)).toMatchObject({ ok: false });
    expect(postsUrl('https://example.org/blog/wp-json/')).toBe(
      'https://example.org/blog/wp-json/wp/v2/posts?_embed=1&per_page=50',
    );
    expect(postsUrl('https://example.org/?rest_route=/')).toBe(
      'https://example.org/?rest_route=%2Fwp%2Fv2%2Fposts&_embed=1&per_page=50',
    );
  });
});

describe('Ghost', () => {
  const url = contentUrl('https://example.org/');
  const post = (over: object = {}) => ({
    id: '6543',
    url: 'https://example.org/a-post/',
    title: 'A post',
    visibility: 'public',
    access: true,
    html: '<p>All of it.</p>',
    custom_excerpt: 'What it is about.',
    excerpt: 'All of it.',
    feature_image: 'https://example.org/content/images/a.jpg',
    feature_image_alt: 'A bridge',
    feature_image_caption: '<span>Photo by Jo Doe</span>',
    published_at: '2026-11-20T08:30:00.000+01:00',
    authors: [{ name: 'Jo Author' }],
    tags: [{ name: 'Opinion' }, { name: '#internal', visibility: 'internal' }],
    ...over,
  });
  const read = (posts: object[], next: number | null = null) =>
    ok(parseContent(JSON.stringify({ posts, meta: { pagination: { page: 1, next } } }), url));

  test('a public post, and where the next page is', () => {
    const parsed = read([post()], 2);
    expect(parsed.pieces[0]).toMatchObject({
      title: 'A post',
      deck: 'What it is about.',
      kind: 'Opinion',
      tags: [],
      authors: ['Jo Author'],
      image: { alt: 'A bridge', credit: 'Jo Doe' },
      publishedAt: new Date('2026-11-20T07:30:00Z'),
    });
    expect(parsed.next).toContain('page=2');
  });

  test.each([['members'], ['paid'], ['tiers'], [null], [7]])(
    'a post for %s only does not leak, whatever the answer holds',
    (visibility) => {
      const { pieces, skipped } = read([
        post({ visibility, html: 'for members', excerpt: 'for members' }),
        post({ access: false }),
      ]);
      expect([pieces, skipped]).toEqual([[], 2]);
    },
  );

  test('an error is told in its words', () => {
    const answer = JSON.stringify({ errors: [{ message: 'Unknown Content API Key' }] });
    expect(parseContent(answer, url)).toEqual({
      ok: false,
      problem: 'it is not what a Ghost Content API answers with: Unknown Content API Key',
    });
  });
});

describe('news sitemaps', () => {
  const url = 'https://example.org/news.xml';

  test('headlines, dates, keywords, whatever the prefix; no image address is taken for the piece', () => {
    const parsed = ok(
      parseSitemap(
        `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
        <url><loc>https://example.org/a?x=1&amp;y=2</loc><n:news><n:publication><n:name>The Review</n:name><n:language>en</n:language></n:publication>
        <n:publication_date>2026-11-20</n:publication_date><n:title><![CDATA[Ships & trade]]></n:title><n:keywords>Europe, ports</n:keywords></n:news>
        <image:image><image:loc>https://example.org/a.jpg</image:loc><image:title>No headline</image:title></image:image></url>
        <url><loc>https://example.org/old</loc></url></urlset>`,
        url,
      ),
    );
    expect(parsed).toMatchObject({ title: 'The Review', skipped: 1 });
    expect(parsed.pieces).toMatchObject([
      {
        url: 'https://example.org/a?x=1&y=2',
        title: 'Ships & trade',
        region: 'Europe',
        tags: ['ports'],
        image: { url: 'https://example.org/a.jpg' },
        publishedAt: new Date('2026-11-20T00:00:00Z'),
      },
    ]);
  });

  test('an index leads to the news; one without says so; an empty one is well', () => {
    const index = (...locs: string[]) =>
      `<sitemapindex xmlns="x">${locs.map((loc) => `<sitemap><loc>${loc}</loc></sitemap>`).join('')}</sitemapindex>`;
    expect(parseSitemap(index('https://example.org/posts.xml', 'https://example.org/news-1.xml'), url)).toMatchObject({
      ok: true,
      next: 'https://example.org/news-1.xml',
    });
    expect(parseSitemap(index('https://news.example.org/posts.xml'), url)).toMatchObject({ ok: false });
    expect(
      parseSitemap('<urlset xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"></urlset>', url),
    ).toMatchObject({ ok: true, pieces: [] });
    expect(parseSitemap('<urlset><url><loc>https://example.org/a</loc></url></urlset>', url)).toMatchObject({
      ok: false,
    });
    expect(parseSitemap('words', url)).toMatchObject({ ok: false, problem: 'it is no sitemap' });
  });
});
