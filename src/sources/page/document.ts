import { Parser } from 'htmlparser2';
import { parseHTML } from 'linkedom';

// A page as a tree. Trees cost time and memory: what is larger or deeper than any article is not made into one.

export type PageDocument = ReturnType<typeof parseHTML>['document'];
export interface PageElement {
  textContent: string | null;
  closest(selector: string): unknown;
}

const MAX_CHARACTERS = 4_000_000;
/** Finding the text takes time by the square of the depth. */
const MAX_DEPTH = 150;
const MAX_ELEMENTS = 60_000;

/** Undefined where it is too large or nested too deep to be an article. */
export function readDocument(html: string): PageDocument | undefined {
  if (html.length > MAX_CHARACTERS || !isSane(html)) return undefined;
  // Without an element of its own a fragment has no document.
  return parseHTML(/<html[\s>]/i.test(html) ? html : `<html><body>${html}</body></html>`).document;
}

function isSane(html: string): boolean {
  let depth = 0;
  let deepest = 0;
  let elements = 0;
  const parser = new Parser({
    onopentag() {
      elements++;
      deepest = Math.max(deepest, ++depth);
      if (deepest > MAX_DEPTH || elements > MAX_ELEMENTS) parser.reset();
    },
    onclosetag() {
      depth--;
    },
  });
  for (let at = 0; at < html.length; at += 65_536) {
    parser.write(html.slice(at, at + 65_536));
    if (deepest > MAX_DEPTH || elements > MAX_ELEMENTS) return false;
  }
  return true;
}

export function textOf(element: { textContent: string | null } | null | undefined): string {
  return (element?.textContent ?? '').replace(/\s+/g, ' ').trim();
}
