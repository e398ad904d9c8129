import type { Atom, Json, Rdf, Rss } from 'feedsmith';
import { escapeHtml } from '../../lib/escape.ts';
import type { FoundPieceImage } from '../found.ts';
import { isImage, mediaOf } from './media.ts';

// Each format's items, brought to one shape.

/** The common shape that each format is brought to before it becomes a piece. Texts may hold HTML. */
export interface RawItem {
  guid?: string | undefined;
  url?: string | undefined;
  title?: string | undefined;
  summary?: string | undefined;
  content?: string | undefined;
  authors: (string | undefined)[];
  categories: (string | undefined)[];
  image?: Partial<FoundPieceImage> | undefined;
  published?: string | undefined;
  updated?: string | undefined;
  language?: string | undefined;
  /** A picture for want of a better one. */
  thumbnail?: string | undefined;
  /** What its links are relative to, where that is not the feed's address. */
  base?: string | undefined;
}

export function fromRss(item: Rss.Item<string>): RawItem {
  const media = mediaOf(item.media);
  const enclosure = item.enclosures?.find((file) => isImage(file.type, undefined, file.url));
  const people = item.dc?.creators ?? item.authors?.map((author) => author.name ?? author.email);
  return {
    guid: item.guid?.value,
    url: item.link ?? (item.guid?.isPermaLink === false ? undefined : item.guid?.value),
    title: item.title,
    summary: item.description ?? item.itunes?.summary ?? media.description,
    content: item.content?.encoded,
    authors: people ?? [item.itunes?.author],
    categories: (item.categories ?? []).map((category) => category.name),
    image: { url: media.url ?? enclosure?.url ?? item.itunes?.image, alt: media.alt, credit: media.credit },
    thumbnail: media.thumbnail,
    published: item.pubDate ?? item.dc?.dates?.[0],
    updated: item.atom?.updated ?? item.dcterms?.modified?.[0] ?? item.pubDate,
  };
}

/** RFC 4287 3.1.1: a text without a type is plain text, in which `<` is a character. */
function htmlOf(text: { value?: string | undefined; type?: string | undefined } | undefined): string | undefined {
  const { value, type = 'text' } = text ?? {};
  // Many write markup there all the same, in its escaped form: what reads like an element is one.
  const isPlain = value !== undefined && type === 'text' && !/<\/?[a-z][^<>]*>|&(#\d+|[a-z]+);/i.test(value);
  return isPlain ? escapeHtml(value) : value;
}

export const fromAtom =
  (feed: Atom.Feed<string>) =>
  (entry: Atom.Entry<string>): RawItem => {
    const link = entry.links?.find(({ rel }) => rel === undefined || rel === 'alternate') ?? entry.links?.[0];
    // RFC 4287 4.2.1: an entry without an author has its source's, else the feed's.
    const authors = entry.authors ?? entry.source?.authors ?? feed.authors ?? [];
    const media = mediaOf(entry.media);
    const enclosure = entry.links?.find(({ rel, type }) => rel === 'enclosure' && isImage(type))?.href;
    return {
      guid: entry.id,
      url: link?.href,
      base: entry.xml?.base ?? feed.xml?.base,
      title: htmlOf(entry.title),
      summary: htmlOf(entry.summary) ?? media.description,
      content: htmlOf(entry.content),
      authors: authors.map((author) => author.name ?? author.email),
      categories: (entry.categories ?? []).map((category) => category.label ?? category.term),
      image: { url: media.url ?? enclosure, alt: media.alt, credit: media.credit },
      thumbnail: media.thumbnail,
      published: entry.published,
      updated: entry.updated,
      language: entry.xml?.lang,
    };
  };

export function fromRdf(item: Rdf.Item<string>): RawItem {
  return {
    guid: item.rdf?.about,
    url: item.link,
    title: item.title,
    summary: item.description,
    content: item.content?.encoded,
    authors: item.dc?.creators ?? [],
    categories: item.dc?.subjects ?? [],
    published: item.dc?.dates?.[0],
    updated: item.dc?.dates?.[0],
  };
}

/** JSON Feed 1.1: an item without authors has the feed's. */
export const fromJson =
  (feed: Json.Feed<string>) =>
  (item: Json.Item<string>): RawItem => ({
    guid: item.id,
    url: item.url ?? item.external_url,
    // JSON Feed: these are plain text.
    title: plainText(item.title),
    summary: plainText(item.summary),
    content: item.content_html ?? plainText(item.content_text),
    authors: (item.authors ?? feed.authors ?? []).map((author) => author.name),
    categories: item.tags ?? [],
    image: { url: item.image ?? item.banner_image },
    published: item.date_published,
    updated: item.date_modified,
    language: item.language,
  });

function plainText(text: string | undefined): string | undefined {
  return text === undefined ? undefined : escapeHtml(text).replaceAll('\n', '<br>');
}
