import { walkHtml } from '../../lib/html.ts';
import { httpUrl } from '../../lib/url.ts';
import { classify } from '../classify.ts';
import { MAX_TITLE_LENGTH, dateOf, isRetraction, languageOf, plain } from '../clean.ts';
import type { FoundPiece, Parsed } from '../found.ts';

// News sitemaps (sitemaps.org, with Google's news extension): an address, a headline and a date a piece. An index of sitemaps
// leads to the one with the news.

interface Entry {
  fields: Map<string, string>;
}

const MAX_ENTRIES = 1_000;
const DEEPEST = 8;

/** Parses a sitemap's XML; of an index, `next` is the news. */
export function parseSitemap(text: string, url: string): Parsed {
  const { root, entries } = entriesOf(text);
  if (root === 'sitemapindex') {
    const next = newsOf(
      entries.map(({ fields }) => fields.get('loc') ?? ''),
      url,
    );
    if (next === undefined) return { ok: false, problem: 'it is an index of sitemaps, and none of them is of news' };
    return { ok: true, title: new URL(url).host, pieces: [], skipped: 0, next };
  }
  if (root !== 'urlset') return { ok: false, problem: 'it is no sitemap' };
  const pieces = entries.map((entry) => pieceOf(entry, url)).filter((piece) => piece !== undefined);
  // One that is empty, or holds only what is no news any more, is well.
  if (pieces.length === 0 && entries.length > 0 && !/sitemap-news/.test(text))
    return { ok: false, problem: 'it is a sitemap without headlines; only a news sitemap has them' };
  const title = plain(entries[0]?.fields.get('news:name'), 200) || new URL(url).host;
  return { ok: true, title, pieces, skipped: entries.length - pieces.length };
}

function entriesOf(text: string): { root: string; entries: Entry[] } {
  const entries: Entry[] = [];
  /** Local names, the root first: what prefix a file gives an extension is its own affair. */
  const path: string[] = [];
  let root = '';
  /** Where a field's text goes; the first of several of a name counts. */
  let into: { fields: Map<string, string>; key: string } | undefined;
  walkHtml(
    text,
    {
      onopentag(name) {
        const local = name.replace(/^.*:/, '');
        root ||= local;
        if (path.length === 1) entries.push({ fields: new Map() });
        path.push(local);
        const fields = entries.at(-1)?.fields;
        const key = path.length <= DEEPEST ? fieldOf(path.slice(2)) : '';
        into =
          fields === undefined || key === '' || fields.has(key) || entries.length > MAX_ENTRIES
            ? undefined
            : { fields, key };
      },
      ontext(value) {
        into?.fields.set(into.key, `${into.fields.get(into.key) ?? ''}${value}`.slice(0, 2_000));
      },
      onclosetag() {
        path.pop();
        into = undefined;
      },
    },
    { xmlMode: true },
  );
  return { root, entries: entries.slice(0, MAX_ENTRIES) };
}

/** `loc`, `lastmod`, and of the extensions `news:title`, `news:name`, `image:loc` and so on. */
function fieldOf(path: string[]): string {
  const [outer = '', ...inner] = path;
  if (inner.length === 0) return outer;
  return outer === 'news' || outer === 'image' ? `${outer}:${inner.at(-1)}` : '';
}

/** Of an index's sitemaps the one that is named for news; the last of several. */
function newsOf(urls: string[], base: string): string | undefined {
  const news = urls.filter((url) => /news/i.test(url.replace(/^https?:\/\/[^/]+/, '')));
  return httpUrl(news.at(-1), base);
}

function pieceOf({ fields }: Entry, base: string): FoundPiece | undefined {
  const url = httpUrl(fields.get('loc'), base);
  const title = plain(fields.get('news:title'), MAX_TITLE_LENGTH);
  if (url === undefined || title === '') return undefined;
  const image = httpUrl(fields.get('image:loc'), base);
  const genre = (fields.get('news:genres') ?? '').replace('OpEd', 'Op-Ed');
  return {
    guid: undefined,
    url,
    title,
    deck: '',
    deckIsGiven: false,
    ...classify(
      [...genre.split(','), ...(fields.get('news:keywords') ?? '').split(',')].map((word) => plain(word, 200)),
    ),
    authors: [],
    image: image === undefined ? undefined : { url: image, alt: '', credit: '' },
    readingMinutes: 0,
    language: languageOf(fields.get('news:language')),
    publishedAt: dateOf(fields.get('news:publication_date')) ?? dateOf(fields.get('lastmod')),
    updatedAt: dateOf(fields.get('lastmod')),
    body: '',
    correction: '',
    isRetracted: isRetraction(title),
  };
}
