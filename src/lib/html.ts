import { Parser } from 'htmlparser2';

const BREAKS = new Set([
  'p',
  'br',
  'div',
  'li',
  'ul',
  'ol',
  'h1',
  'h2',
  'h3',
  'h4',
  'blockquote',
  'figure',
  'tr',
  'hr',
]);
const HIDDEN = new Set(['script', 'style', 'noscript', 'template', 'iframe', 'object', 'head', 'figcaption']);

/** The readable text of an HTML fragment, a line for each block; scripts, styles and captions are left out. */
export function htmlToText(html: string): string {
  const out: string[] = [];
  let hidden = 0;
  const parser = new Parser({
    onopentag(name) {
      if (HIDDEN.has(name)) hidden++;
      if (BREAKS.has(name)) out.push('\n');
    },
    ontext(text) {
      if (hidden === 0) out.push(text);
    },
    onclosetag(name) {
      if (HIDDEN.has(name) && hidden > 0) hidden--;
      if (BREAKS.has(name)) out.push('\n');
    },
  });
  parser.end(html);
  return out
    .join('')
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{2,}/g, '\n')
    .trim();
}

export interface FoundImage {
  url: string;
  alt: string;
}

/** The first image of an HTML fragment that is not a tracking pixel. */
export function firstImage(html: string): FoundImage | undefined {
  let found: FoundImage | undefined;
  const parser = new Parser({
    onopentag(name, attributes) {
      if (found !== undefined || name !== 'img' || attributes.src === undefined) return;
      const tiny = [attributes.width, attributes.height].some((side) => side !== undefined && Number(side) <= 2);
      if (!tiny) found = { url: attributes.src, alt: attributes.alt ?? '' };
    },
  });
  parser.end(html);
  return found;
}
