import { type Handler, Parser, type ParserOptions } from 'htmlparser2';
import { oneLine } from './text.ts';

const BREAKS = new Set(
  'p br div li ul ol h1 h2 h3 h4 h5 h6 blockquote figure section article tr hr dd dt small'.split(' '),
);
const HIDDEN = new Set(
  'script style noscript template iframe object head figcaption svg button form video audio'.split(' '),
);
/** Captions, credits and embeds, as content systems mark them: they are not the piece's own words. */
const HIDDEN_CLASS =
  /(^|\s)(shortcode-media|rm-shortcode|rm-embed|image-media|media-caption|media-photo-credit|wp-caption-text|wp-element-caption|image-caption|photo-credit|screen-reader-text|sr-only)(?=[\s-]|$)/;
/** A paragraph that is nothing but a placeholder for a plug-in, as in `[gallery ids="1,2"]`. */
const SHORTCODE_LINE = /^(\[\/?[a-z][\w-]*(\s[^\]]*)?\]\s*)+$|^\{\{?[^{}]*\}\}?$/i;

/** Nothing that people write nests deeper; what does is read up to there, for a parser's time grows with the depth. */
const MAX_DEPTH = 300;
const CHUNK = 16_384;

/** Walks through an HTML fragment; stops where it nests deeper than anything does that is meant to be read. */
export function walkHtml(html: string, handlers: Partial<Handler>, options: ParserOptions = {}): void {
  let depth = 0;
  const state = { isTooDeep: false };
  const parser = new Parser(
    {
      ...handlers,
      onopentag(name, attributes, isImplied) {
        state.isTooDeep ||= ++depth > MAX_DEPTH;
        if (!state.isTooDeep) handlers.onopentag?.(name, attributes, isImplied);
      },
      ontext(text) {
        if (!state.isTooDeep) handlers.ontext?.(text);
      },
      onclosetag(name, isImplied) {
        depth--;
        if (!state.isTooDeep) handlers.onclosetag?.(name, isImplied);
      },
    },
    { recognizeSelfClosing: true, ...options },
  );
  for (let at = 0; at < html.length && !state.isTooDeep; at += CHUNK) parser.write(html.slice(at, at + CHUNK));
  if (!state.isTooDeep) parser.end();
}

/** The readable text of an HTML fragment, a line for each block; scripts, captions, credits and shortcodes are left out. */
export function htmlToText(html: string): string {
  const out: string[] = [];
  const open: boolean[] = [];
  let hidden = 0;
  walkHtml(html, {
    onopentag(name, attributes) {
      const hides = HIDDEN.has(name) || HIDDEN_CLASS.test(attributes.class ?? '');
      open.push(hides);
      if (hides) hidden++;
      if (BREAKS.has(name)) out.push('\n');
    },
    ontext(text) {
      if (hidden === 0) out.push(text);
    },
    onclosetag(name) {
      if (open.pop() === true) hidden--;
      if (BREAKS.has(name)) out.push('\n');
    },
  });
  return out
    .join('')
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '' && !SHORTCODE_LINE.test(line))
    .join('\n');
}

export interface FoundImage {
  url: string;
  alt: string;
  credit: string;
}

const MOST_CREDIT = 200;

/** The first image of an HTML fragment that is a picture of something, with the credit that is set under it. */
export function firstImage(html: string): FoundImage | undefined {
  let found: FoundImage | undefined;
  const credits: string[] = [];
  const open: boolean[] = [];
  let inCredit = 0;
  walkHtml(html, {
    onopentag(name, attributes) {
      const isCredit = /(^|[\s-])credits?(?=[\s-]|$)/i.test(attributes.class ?? '');
      open.push(isCredit);
      if (isCredit) inCredit++;
      if (name === 'img' && found === undefined) found = pictureOf(attributes);
    },
    ontext(text) {
      if (inCredit > 0) credits.push(text);
    },
    onclosetag() {
      if (open.pop() !== true) return;
      inCredit--;
      credits.push('\n');
    },
  });
  if (found === undefined) return undefined;
  const marked = credits
    .join('')
    .split('\n')
    .find((text) => text.trim() !== '');
  // What is marked as a credit may be the whole caption, with the credit in it.
  return { ...found, credit: cleanCredit(creditLine(marked ?? '') ?? marked ?? creditLine(html) ?? '') };
}

/** What a lazily loaded image will show, rather than its placeholder. */
const LAZY = ['data-runner-src', 'data-lazy-src', 'data-original', 'data-src', 'src'];

const NO_PICTURE = /gravatar\.com|\/emoji\/|\/pixel(\.\w+)?(\?|$)|feedburner\.com|\/1x1\b/i;
const PLACEHOLDER = /(blank|spacer|placeholder|transparent|loading|grey|lazy)[\w-]*\.(gif|png|svg|jpe?g)(\?|$)/i;

/** Of an `img` element's attributes; undefined for tracking pixels, faces and emoji. */
export function pictureOf(attributes: Record<string, string>): FoundImage | undefined {
  const srcset = attributes['data-srcset'] ?? attributes['data-lazy-srcset'] ?? attributes.srcset;
  const candidates = [...LAZY.map((name) => attributes[name]).filter(isAddress), widest(srcset)];
  const url = candidates.find((one) => one !== undefined && !PLACEHOLDER.test(one));
  if (url === undefined || NO_PICTURE.test(url)) return undefined;
  const tiny = [attributes.width, attributes.height].some((side) => side !== undefined && Number(side) <= 32);
  return tiny ? undefined : { url, alt: attributes.alt ?? '', credit: '' };
}

function isAddress(text: string | undefined): boolean {
  return text !== undefined && text.trim() !== '' && !text.trim().startsWith('data:');
}

function sizeOf([, size = '1x']: string[]): number {
  return Number.parseFloat(size) || 0;
}

/** The widest candidate of a `srcset`. */
function widest(srcset: string | undefined): string | undefined {
  const candidates = (srcset ?? '')
    .slice(0, 20_000)
    .split(/,\s+/)
    .map((candidate) => candidate.trim().split(/\s+/));
  return candidates.toSorted((a, b) => sizeOf(b) - sizeOf(a))[0]?.[0] || undefined;
}

const CREDIT = '(?:top |lead |cover |header )?(?:photo|image|picture|foto)s?';
/** A line that is a credit: with a colon, or "Photo by" somebody with a name. */
const CREDIT_LINE = new RegExp(
  `^\\(?${CREDIT}\\s*(?:(?:credit|by|courtesy(?: of)?|via)?\\s*:\\s*(.{2,160}?)|(?:credit|by|courtesy of|via)\\s+(\\p{Lu}.{1,80}?))\\)?$`,
  'iu',
);
/** The same inside a caption, in brackets or as its last sentence. */
const CREDIT_INSIDE = new RegExp(
  `\\(${CREDIT}\\s*(?:credit|by|courtesy of|via)\\s*:?\\s*([^()]{2,120})\\)|[.!?]\\s+${CREDIT}\\s*(?:credit|by|courtesy of)\\s*:\\s*([^\\n]{2,120})$`,
  'iu',
);
const LONGEST_CREDIT_LINE = 400;

/** A line such as "Top photo credit: …" in a fragment, wherever it stands. */
export function creditLine(html: string): string | undefined {
  const text = html.replace(/<[^<>]{0,2000}>/g, '\n').replace(/[^\S\n]+/g, ' ');
  for (const candidate of text.split('\n')) {
    const line = candidate.trim();
    if (line.length < 8 || line.length > LONGEST_CREDIT_LINE || !/photo|image|picture|foto/i.test(line)) continue;
    const [, named, by] = CREDIT_LINE.exec(line) ?? [];
    if (by !== undefined && !/^\p{Lu}/u.test(by)) continue;
    const [, bracketed, last] = CREDIT_INSIDE.exec(line) ?? [];
    const found = named ?? by ?? bracketed ?? last;
    if (found !== undefined) return found.trim();
  }
  return undefined;
}

/** A mail says that it is a photo; a credit that says so too would say it twice. */
export function cleanCredit(text: string): string {
  return oneLine(text, MOST_CREDIT).replace(
    /^\(?(top |lead )?(photo|image|picture|foto)?\s*(credit|by|courtesy of)?\s*:\s*/i,
    '',
  );
}
