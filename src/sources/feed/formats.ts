import type { Atom, Json, Rdf, Rss } from 'feedsmith';
import type { FoundPieceImage } from '../found.ts';

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
}

export function fromRss(item: Rss.Item<string>): RawItem {
  const media =
    item.media?.contents?.find((content) => isImage(content.type, content.medium, content.url)) ??
    item.media?.groups?.[0]?.contents?.[0];
  const enclosure = item.enclosures?.find((file) => isImage(file.type, undefined, file.url));
  const people = item.dc?.creators ??
    item.authors?.map((author) => author.name ?? author.email) ?? [item.itunes?.author];
  return {
    guid: item.guid?.value,
    url: item.link ?? (item.guid?.isPermaLink === false ? undefined : item.guid?.value),
    title: item.title,
    summary: item.description,
    content: item.content?.encoded,
    authors: people,
    categories: (item.categories ?? []).map((category) => category.name),
    image: {
      url: media?.url ?? enclosure?.url ?? item.media?.thumbnails?.[0]?.url,
      alt: media?.description?.value ?? item.media?.description?.value,
      credit: media?.credits?.[0]?.value ?? item.media?.credits?.[0]?.value,
    },
    published: item.pubDate ?? item.dc?.dates?.[0],
    updated: item.atom?.updated ?? item.dcterms?.modified?.[0] ?? item.pubDate,
  };
}

export const fromAtom =
  (feed: Atom.Feed<string>) =>
  (entry: Atom.Entry<string>): RawItem => {
    const link = entry.links?.find(({ rel }) => rel === undefined || rel === 'alternate') ?? entry.links?.[0];
    // RFC 4287 4.2.1: an entry without an author has its source's, else the feed's.
    const authors = entry.authors ?? entry.source?.authors ?? feed.authors ?? [];
    const media = entry.media?.contents?.find((content) => isImage(content.type, content.medium, content.url));
    return {
      guid: entry.id,
      url: link?.href,
      title: entry.title?.value,
      summary: entry.summary?.value,
      content: entry.content?.value,
      authors: authors.map((author) => author.name ?? author.email),
      categories: (entry.categories ?? []).map((category) => category.label ?? category.term),
      image: {
        url:
          media?.url ??
          entry.links?.find(({ rel, type }) => rel === 'enclosure' && isImage(type))?.href ??
          entry.media?.thumbnails?.[0]?.url,
        alt: media?.description?.value,
        credit: media?.credits?.[0]?.value,
      },
      published: entry.published,
      updated: entry.updated,
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
    title: item.title,
    summary: item.summary,
    content: item.content_html ?? item.content_text,
    authors: (item.authors ?? feed.authors ?? []).map((author) => author.name),
    categories: item.tags ?? [],
    image: { url: item.image ?? item.banner_image },
    published: item.date_published,
    updated: item.date_modified,
    language: item.language,
  });

function isImage(type: string | undefined, medium?: string, url?: string): boolean {
  if (type !== undefined) return type.startsWith('image/');
  return medium === 'image' || /\.(jpe?g|png|webp|gif|avif)(\?|$)/i.test(url ?? '');
}
