import { cleanCredit, creditLine, firstImage } from '../../lib/html.ts';
import { httpUrl } from '../../lib/url.ts';
import { plain } from '../clean.ts';
import type { FoundPieceImage } from '../found.ts';
import type { PageDocument } from './document.ts';
import type { LinkedArticle } from './linkedData.ts';

const MAX_FIGURE = 20_000;
const MAX_SEARCHED = 500_000;

/** A page's lead image: what it gives to those who share it, with the alternative text and the credit that it has on the page. */
export function imageOf(
  document: PageDocument,
  meta: (name: string) => string | undefined,
  linked: LinkedArticle | undefined,
  url: string,
): FoundPieceImage | undefined {
  const article = document.querySelector('article, main, [role="main"], [itemprop="articleBody"]') ?? document.body;
  const shown = firstImage(figureOf(article));
  const shared = httpUrl(
    meta('og:image:secure_url') ?? meta('og:image') ?? meta('twitter:image') ?? linked?.image,
    url,
  );
  const src = shared ?? httpUrl(shown?.url, url);
  if (src === undefined) return undefined;
  const alt = meta('og:image:alt') ?? meta('twitter:image:alt') ?? shown?.alt;
  const credit = cleanCredit(plain(linked?.credit, 200)) || shown?.credit || '';
  return {
    url: src,
    alt: plain(alt, 300),
    credit: credit || cleanCredit(creditLine((article?.innerHTML ?? '').slice(0, MAX_SEARCHED)) ?? ''),
  };
}

/** The figure of the first picture, or the picture alone; of an article without any, nothing. */
function figureOf(article: { querySelectorAll(selector: string): Iterable<unknown> } | null): string {
  for (const one of article?.querySelectorAll('img') ?? []) {
    const image = one as { outerHTML: string; closest(selector: string): { outerHTML: string } | null };
    if (firstImage(image.outerHTML) === undefined) continue;
    const { outerHTML } = image.closest('figure') ?? image;
    return outerHTML
      .slice(0, MAX_FIGURE)
      .replaceAll('<figcaption', '<div class="credit"')
      .replaceAll('figcaption>', 'div>');
  }
  return '';
}
