import { Parser } from 'htmlparser2';
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

/** The readable text of an HTML fragment, a line for each block; scripts, captions, credits and shortcodes are left out. */
export function htmlToText(html: string): string {
  const out: string[] = [];
  const open: boolean[] = [];
  let hidden = 0;
  const parser = new Parser({
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
  parser.end(html);
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
  const parser = new Parser({
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
  parser.end(html);
  if (found === undefined) return undefined;
  const marked = credits
    .join('')
    .split('\n')
    .find((text) => text.trim() !== '');
  return { ...found, credit: cleanCredit(marked ?? creditLine(html) ?? '') };
}

/** What a lazily loaded image will show, rather than its placeholder. */
const LAZY = ['data-runner-src', 'data-lazy-src', 'data-original', 'data-src', 'src'];

/** Of an `img` element's attributes; undefined for tracking pixels, faces and emoji. */
export function pictureOf(attributes: Record<string, string>): FoundImage | undefined {
  const srcset = attributes['data-srcset'] ?? attributes.srcset;
  const url = LAZY.map((name) => attributes[name]).find(isAddress) ?? widest(srcset);
  if (url === undefined || /gravatar\.com|\/emoji\/|\/pixel\b|feedburner|\/1x1\b|blank\.gif/i.test(url))
    return undefined;
  const tiny = [attributes.width, attributes.height].some((side) => side !== undefined && Number(side) <= 32);
  return tiny ? undefined : { url, alt: attributes.alt ?? '', credit: '' };
}

function isAddress(text: string | undefined): boolean {
  return text !== undefined && text.trim() !== '' && !text.trim().startsWith('data:');
}

/** The widest candidate of a `srcset`. */
function widest(srcset: string | undefined): string | undefined {
  const candidates = (srcset ?? '').split(/,\s+/).map((candidate) => candidate.trim().split(/\s+/));
  const width = ([, size = '1x']: string[]) => Number.parseFloat(size) || 0;
  return candidates.toSorted((a, b) => width(b) - width(a))[0]?.[0] || undefined;
}

const CREDIT_LINE =
  /^\(?(?:top |lead |cover |header )?(?:photo|image|picture|foto)s?\s*(?:credit|by|courtesy(?: of)?|via)\s*:?\s*(.{2,200}?)\)?$/im;

/** A line such as "Top photo credit: …" in a fragment, wherever it stands. */
export function creditLine(html: string): string | undefined {
  const text = html.replace(/<[^>]{0,2000}>/g, '\n').replace(/[^\S\n]+/g, ' ');
  const line = text.split('\n').find((candidate) => CREDIT_LINE.test(candidate.trim()));
  return line === undefined ? undefined : CREDIT_LINE.exec(line.trim())?.[1];
}

/** A mail says that it is a photo; a credit that says so too would say it twice. */
export function cleanCredit(text: string): string {
  return oneLine(text, MOST_CREDIT).replace(
    /^\(?(top |lead )?(photo|image|picture|foto)?\s*(credit|by|courtesy of)?\s*:\s*/i,
    '',
  );
}
