import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { discoverSources } from '../../src/sources/index.ts';
import { type WebServer, startWebServer } from '../support/webServer.ts';

type Page = { type: string; body: string | Buffer; status?: number; headers?: Record<string, string> };

let server: WebServer;
let pages: Record<string, Page>;

beforeAll(async () => {
  server = await startWebServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? '/', 'http://localhost');
    const page = pages[pathname + search] ?? pages[pathname];
    response.writeHead(page?.status ?? (page === undefined ? 404 : 200), {
      'content-type': page?.type ?? 'text/plain',
      ...page?.headers,
    });
    response.end(page?.body ?? 'nothing here');
  });
});
afterAll(() => server.close());

const html = (body: string): Page => ({
  type: 'text/html',
  body: `<!doctype html><html><head>${body}</head><body></body></html>`,
});
const rss = (...slugs: string[]): Page => ({
  type: 'application/rss+xml',
  body: `<rss version="2.0"><channel><title>The feed</title>${slugs.map((slug) => `<item><title>${slug}</title><link>https://site.example/${slug}</link></item>`).join('')}</channel></rss>`,
});
const find = (path = '/', key?: string) => discoverSources(server.url + path, { isLocal: true, key });
const kinds = async (path?: string, key?: string) =>
  (await find(path, key)).proposals.map(({ kind, url, pieces }) => [kind, url.replace(server.url, ''), pieces.length]);

test('an address that is a feed is proposed as it is, where it has moved for good with its new address', async () => {
  pages = {
    '/feed/': { type: '', body: '', status: 301, headers: { location: '/feeds/feed.rss' } },
    '/feeds/feed.rss': rss('a', 'b'),
  };
  expect(await kinds('/feed/')).toEqual([['feed', '/feeds/feed.rss', 2]]);
  pages['/feed/']!.status = 302;
  expect(await kinds('/feed/')).toEqual([['feed', '/feed/', 2]]);
});

test('feeds that a page names, but not its comments', async () => {
  pages = {
    '/': html(
      '<link rel="alternate" type="application/rss+xml" href="/one.xml"><link rel="alternate" type="application/rss+xml" href="/comments/feed/">' +
        '<link rel="alternate" hreflang="fr" href="/fr/"><link rel="alternate" type="application/rss+xml" href="/gone.xml">',
    ),
    '/one.xml': rss('a'),
    '/comments/feed/': rss('c'),
  };
  expect(await kinds()).toEqual([['feed', '/one.xml', 1]]);
});

test('usual addresses where the page names none, a news sitemap from robots.txt, packed or not', async () => {
  const sitemap = `<urlset xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://site.example/n</loc><news:news><news:title>News</news:title></news:news></url></urlset>`;
  pages = {
    '/': html(''),
    '/rss.xml': rss('a'),
    '/robots.txt': {
      type: 'text/plain',
      body: `User-agent: *\nSitemap: ${server.url}/all.xml\nsitemap:${server.url}/news.xml.gz`,
    },
    '/news.xml.gz': { type: 'application/gzip', body: gzipSync(sitemap) },
  };
  expect(await kinds()).toEqual([
    ['feed', '/rss.xml', 1],
    ['sitemap', '/news.xml.gz', 1],
  ]);
});

test('a WordPress API by its link or its header, a Ghost API by the key of its own scripts', async () => {
  const post = { id: 1, link: 'https://site.example/p', title: { rendered: 'P' }, date_gmt: '2026-11-20T08:00:00' };
  pages = {
    '/': { ...html(''), headers: { link: `<${server.url}/wp-json/>; rel="https://api.w.org/"` } },
    '/wp-json/wp/v2/posts': { type: 'application/json', body: JSON.stringify([post]) },
  };
  expect((await kinds())[0]?.[0]).toBe('wordpress');
  const key = createHash('md5').update('x').digest('hex').slice(0, 26);
  pages = {
    '/': html(
      `<meta name="generator" content="Ghost 6.1"><script data-key="${key}" data-api="${server.url}/ghost/api/content/"></script>`,
    ),
    [`/ghost/api/content/posts/?include=authors%2Ctags&limit=50&page=1&key=${key}`]: {
      type: 'application/json',
      body: JSON.stringify({ posts: [{ id: '1', url: 'https://site.example/g', title: 'G', visibility: 'public' }] }),
    },
  };
  const [ghost] = (await find()).proposals;
  expect([ghost?.kind, ghost?.key, ghost?.url.includes(key)]).toEqual(['ghost', key, false]);
});

test('an article is told from a site, a bot wall from both', async () => {
  const text = '<p>A paragraph of an article, with commas, and of some length, so that it counts as one.</p>'.repeat(
    10,
  );
  pages = {
    '/a': { type: 'text/html', body: `<html><body><article><h1>An article</h1>${text}</article></body></html>` },
  };
  expect(await find('/a')).toMatchObject({ proposals: [], article: { title: 'An article' } });
  pages = {
    '/': { type: 'text/html', body: '<html><title>Just a moment...</title><script>window._cf_chl_opt</script></html>' },
  };
  expect((await find()).problems.join()).toContain('bot wall of Cloudflare');
  pages = { '/': { type: 'text/html', body: 'no', status: 403, headers: { 'cf-mitigated': 'challenge' } } };
  await expect(find()).rejects.toThrow('a bot wall');
});
