import { RoundupError } from '../platform/errors.ts';

const MOST_DEPTH = 50;

/**
 * Whether something that came in can be kept: PostgreSQL keeps neither the character NUL nor half of a surrogate pair, and
 * nothing of ours is nested deeply. Throws `input-invalid`.
 */
export function refuseUnstorable(given: unknown): void {
  const waiting: [value: unknown, depth: number][] = [[given, 0]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [value, depth] = next;
    if (typeof value === 'string') refuseUnstorableText(value);
    if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) continue;
    if (depth > MOST_DEPTH) throw new RoundupError('input-invalid', 'The body is nested too deeply.');
    for (const [key, one] of Object.entries(value)) {
      refuseUnstorableText(key);
      waiting.push([one, depth + 1]);
    }
  }
}

function refuseUnstorableText(text: string): void {
  if (!text.includes('\0') && text.isWellFormed()) return;
  throw new RoundupError(
    'input-invalid',
    'A text has a character that cannot be kept (NUL, or half a surrogate pair).',
  );
}
