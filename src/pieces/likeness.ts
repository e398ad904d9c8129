// How alike two pieces are: by the words of their headlines, and by MinHash over runs of three words of their texts, which
// estimates how much of the text they share (Broder 1997). Keys make those that may be alike meet in an index, so that a new
// piece is not held against the whole pool.

/** What a piece is compared by. */
export interface Likeness {
  /** The words of its headline. */
  words: string[];
  signature: number[];
  /** Two pieces that are alike share one at least. */
  keys: number[];
}

const HASHES = 32;
const BAND = 2;
const RUN = 3;
const TEXT_COMPARED = 6_000;
const FEWEST_RUNS = 10;

/** Of a headline and as much of the text as there is. */
export function likenessOf(title: string, text: string): Likeness {
  const runs = runsOf(wordsOf(text.slice(0, TEXT_COMPARED)));
  const signature = runs.length < FEWEST_RUNS ? [] : minHashes(runs.map(hash));
  const bands = Array.from({ length: signature.length / BAND }, (_, band) =>
    hash(`b${band}:${signature.slice(band * BAND, (band + 1) * BAND).join(':')}`),
  );
  const words = wordsOf(title);
  // A series has headlines alike; where there is a text, that is what counts.
  const titles = signature.length > 0 || words.length < RUN ? [] : runsOf(words).map((run) => hash(`t:${run}`));
  return { words, signature, keys: [...new Set([...bands, ...titles])].map((key) => key | 0) };
}

export type Compared = Pick<Likeness, 'words' | 'signature'>;

/** Of what two pieces share: of their headlines' words, and of their texts. */
export function compare(a: Compared, b: Compared): { title: number; text: number } {
  return { title: shared(a.words, b.words), text: sameHashes(a.signature, b.signature) };
}

/** In words, why two pieces look like one story; undefined where they do not. */
export function likeReason(a: Compared, b: Compared): { score: number; reason: string } | undefined {
  const { title, text } = compare(a, b);
  if (text >= 0.5) return { score: text, reason: `about ${percent(text)} of their texts are the same` };
  if (title >= 0.5 && text >= 0.3) return { score: (title + text) / 2, reason: 'their headlines and texts share much' };
  // A series has headlines alike and texts that are not; where there is no text to compare, the headlines are all there is.
  if (a.signature.length > 0 && b.signature.length > 0) return undefined;
  const length = Math.min(a.words.length, b.words.length);
  if (title === 1 && length >= 4) return { score: 0.9, reason: 'their headlines are the same' };
  if (title >= 0.75 && length >= 5)
    return { score: title, reason: `${percent(title)} of their headlines' words are the same` };
  return undefined;
}

export function wordsOf(text: string): string[] {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}|[’']/gu, '')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function runsOf(words: string[]): string[] {
  return words.slice(0, Math.max(words.length - RUN + 1, 0)).map((_, at) => words.slice(at, at + RUN).join(' '));
}

/** The least value of each of many hash functions over the set. */
function minHashes(values: number[]): number[] {
  return Array.from({ length: HASHES }, (_, which) => {
    const factor = Math.imul(which + 1, 0x9e3779b1) | 1;
    let least = 0x7fffffff;
    for (const value of values) {
      let mixed = Math.imul(value ^ factor, factor);
      mixed = (mixed ^ (mixed >>> 15)) & 0x7fffffff;
      if (mixed < least) least = mixed;
    }
    return least;
  });
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}

function sameHashes(a: number[], b: number[]): number {
  if (a.length === 0 || a.length !== b.length) return 0;
  return a.filter((value, at) => value === b[at]).length / a.length;
}

function shared(a: string[], b: string[]): number {
  const [left, right] = [new Set(a), new Set(b)];
  if (left.size === 0 || right.size === 0) return 0;
  const both = [...left].filter((word) => right.has(word)).length;
  return both / (left.size + right.size - both);
}
