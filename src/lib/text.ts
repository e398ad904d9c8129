/** One line of plain text: no control or invisible direction-changing characters, single spaces, no ends. */
export function oneLine(text: string, maxLength = Number.POSITIVE_INFINITY): string {
  const clean = text
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+/gu, ' ')
    .replace(/\s+/gu, ' ')
    .trim();
  return clean.length <= maxLength ? clean : shorten(clean, maxLength);
}

/** A dot that ends no sentence: initials, titles and ranks. */
const NO_END =
  /(^|[\s(“"])(\p{Lu}\.)+$|(^|[\s(“"])(Mr|Mrs|Ms|Dr|Prof|Sr|Jr|St|Gen|Col|Lt|Maj|Sgt|Capt|Cmdr|Adm|Sen|Rep|Gov|Hon|Rev|Amb|vs|etc|No|Nos|Vol|Fig|cf|approx|Jan|Feb|Aug|Sept?|Oct|Nov|Dec|Inc|Corp|Ltd|Co)\.$/u;

/** As many whole sentences as fit; where not even one does, whole words and an ellipsis. */
export function teaser(text: string, maxLength: number): string {
  // What is far beyond the limit does not matter, and long texts take long to segment.
  const line = oneLine(text.slice(0, maxLength * 20));
  if (line.length <= maxLength) return line;
  let end = 0;
  for (const { index, segment } of new Intl.Segmenter('en', { granularity: 'sentence' }).segment(line)) {
    const sentence = segment.trimEnd();
    const next = index + sentence.length;
    if (next > maxLength) break;
    if (!NO_END.test(sentence.slice(-12))) end = next;
  }
  return end > 0 ? line.slice(0, end) : shorten(line, maxLength);
}

/** Whole words and an ellipsis, at most `maxLength` characters; never cuts inside a character. */
export function shorten(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const cut = text.slice(0, maxLength - 1);
  const space = cut.lastIndexOf(' ');
  const whole = space > maxLength / 2 ? cut.slice(0, space) : [...cut].slice(0, -1).join('');
  return `${whole.replace(/[\s,;:.–—-]+$/u, '')}…`;
}

/** "1 piece", "2 pieces", "12,000 pieces". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Counts words over any script; the reading time is at 230 words a minute, at least one. */
export function readingMinutes(text: string): number {
  const segmenter = new Intl.Segmenter('en', { granularity: 'word' });
  let words = 0;
  // Segmenting a long text takes time by the square of its length.
  for (const stretch of text.match(/[^]{1,1000}(?:\s|$)|[^]{1,1000}/g) ?? [])
    for (const part of segmenter.segment(stretch)) if (part.isWordLike) words++;
  return Math.max(1, Math.round(words / 230));
}
