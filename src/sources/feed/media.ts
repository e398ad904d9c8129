import type { Atom } from 'feedsmith';
import type { FoundPieceImage } from '../found.ts';

// Media RSS (rssboard.org/media-rss): of several pictures of an item the one that is largest, wherever it stands; what plays is
// no picture, its thumbnail is.

type Media = NonNullable<Atom.Entry<string>['media']>;

export interface FoundMedia extends Partial<FoundPieceImage> {
  /** A picture for want of a better one. */
  thumbnail: string | undefined;
  /** What the group says of itself; some sources say it nowhere else. */
  description: string | undefined;
}

export function mediaOf(media: Media | undefined): FoundMedia {
  const groups = media?.groups ?? [];
  const contents = [...(media?.contents ?? []), ...groups.flatMap((group) => group.contents ?? [])];
  const pictures = contents.filter(({ type, medium, url }) => isImage(type, medium, url));
  const [picture] = pictures.toSorted((a, b) => (b.width ?? 0) - (a.width ?? 0));
  const thumbnails = [
    ...(media?.thumbnails ?? []),
    ...groups.flatMap((group) => group.thumbnails ?? []),
    ...contents.flatMap((content) => content.thumbnails ?? []),
  ];
  const [thumbnail] = thumbnails.toSorted((a, b) => (b.width ?? 0) - (a.width ?? 0));
  const [group] = groups;
  return {
    url: picture?.url,
    thumbnail: thumbnail?.url,
    alt: picture?.description?.value ?? media?.description?.value,
    credit: picture?.credits?.[0]?.value ?? media?.credits?.[0]?.value ?? group?.credits?.[0]?.value,
    description: group?.description?.value ?? media?.description?.value,
  };
}

export function isImage(type: string | undefined, medium?: string, url?: string): boolean {
  if (type !== undefined) return type.startsWith('image/');
  if (medium !== undefined) return medium === 'image';
  return /\.(jpe?g|png|webp|gif|avif)(\?|$)/i.test(url ?? '');
}
