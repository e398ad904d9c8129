import { sha256 } from '../../lib/hash.ts';

/** Of what something is now; without quotes. */
export function etagOf(value: unknown): string {
  return sha256(JSON.stringify(value) ?? '').slice(0, 20);
}

/** The first of an If-Match or If-None-Match header, without quotes and weakness; undefined where there is none. */
export function etagIn(header: string | undefined): string | undefined {
  const [, tag] = /^\s*(?:W\/)?"([^"]{1,100})"/.exec(header ?? '') ?? [];
  return tag ?? (header?.trim() === '*' ? '*' : undefined);
}
