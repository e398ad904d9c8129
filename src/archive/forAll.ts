import { type Cut, fill } from '../rendering/index.ts';

// A mail without its reader: the links that are somebody's own, and the sentence with their address, are taken out, and what is left
// of their line.

/** Stands in the gaps while they are looked for; nothing else is written so. */
const SOMEBODY = 'somebodys0own0part';

const LINK = new RegExp(`<a\\b[^>]*${SOMEBODY}[^>]*>[\\s\\S]*?</a>`, 'g');
const PARAGRAPH = new RegExp(`<p\\b[^>]*>(?:(?!</p>)[\\s\\S])*?${SOMEBODY}(?:(?!</p>)[\\s\\S])*</p>`, 'g');
const EMPTY_PARAGRAPH = /<p\b[^>]*>(?:\s|&nbsp;|&#xA0;|\u00a0|·|&middot;|\|)*<\/p>/g;

export function htmlForAll(html: Cut): string {
  return fill(html, () => SOMEBODY)
    .replace(LINK, '')
    .replace(PARAGRAPH, '')
    .replace(EMPTY_PARAGRAPH, '')
    .replaceAll(SOMEBODY, '');
}

/** Lines with something of a reader's, and the line that names such a link. */
export function textForAll(text: Cut): string {
  const lines = fill(text, () => SOMEBODY).split('\n');
  return lines
    .filter((line, at) => !isTheirs(line) && !(line.endsWith(':') && isTheirs(lines[at + 1])))
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

function isTheirs(line: string | undefined): boolean {
  return line?.includes(SOMEBODY) === true;
}
