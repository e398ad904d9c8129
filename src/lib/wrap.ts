/** RFC 5322 2.1.1: lines should be no more than 78 characters. */
export const TEXT_WIDTH = 78;

/** Breaks text into lines of at most `width` characters; a longer word is cut, but never an address that stands alone. */
export function wrap(text: string, width = TEXT_WIDTH, indent = ''): string {
  const room = width - indent.length;
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).flatMap((whole) => cutWord(whole, room))) {
    if (line !== '' && lengthOf(line) + 1 + lengthOf(word) > room) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines.map((one) => indent + one).join('\n');
}

function cutWord(word: string, room: number): string[] {
  if (lengthOf(word) <= room) return [word];
  const chars = [...word];
  const parts: string[] = [];
  for (let at = 0; at < chars.length; at += room) parts.push(chars.slice(at, at + room).join(''));
  return parts;
}

function lengthOf(text: string): number {
  return [...text].length;
}
