import { sha256 } from '../lib/hash.ts';
import { RoundupError } from '../platform/errors.ts';

/** Of what something is now; without quotes. */
export function etagOf(value: unknown): string {
  return sha256(JSON.stringify(value) ?? '').slice(0, 20);
}

/** What an If-Match header says; undefined where there is none. Throws `input-invalid` for what is no ETag (RFC 9110 8.8.3). */
export function seenIn(header: string | undefined): string | undefined {
  const seen = etagIn(header);
  if (header === undefined || seen !== undefined) return seen;
  throw new RoundupError('input-invalid', 'The If-Match is no ETag: it is what was read, in its quotes, or *.');
}

/** The first of an If-Match or If-None-Match header, without quotes and weakness; undefined where there is none. */
export function etagIn(header: string | undefined): string | undefined {
  const [, tag] = /^\s*(?:W\/)?"([^"]{1,100})"/.exec(header ?? '') ?? [];
  return tag ?? (header?.trim() === '*' ? '*' : undefined);
}

/** The revision of an edition that an ETag stands for; undefined for any. Throws `revision-changed` for what is none. */
export function revisionIn(seen: string | undefined): number | undefined {
  if (seen === undefined || seen === '*') return undefined;
  if (/^\d{1,9}$/.test(seen)) return Number(seen);
  throw new RoundupError('revision-changed', 'This ETag is none of an edition.', { hint: 'Read the edition again.' });
}
