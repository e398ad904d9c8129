import type { z } from 'zod';
import { RoundupError } from '../../platform/errors.ts';
import { parseJson } from '../../lib/json.ts';
import { refuseUnstorable } from '../storable.ts';

// A cursor says where a page ended. It is opaque to whoever carries it, and checked like anything else that comes in.

export function cursorOf(values: (number | string)[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url');
}

/** Throws `input-invalid` for a cursor that we have not given. */
export function readCursor<S extends z.ZodType>(schema: S, cursor: string | undefined): z.output<S> | undefined {
  if (cursor === undefined) return undefined;
  const values = parseJson(Buffer.from(cursor, 'base64url').toString('utf8'));
  refuseUnstorable(values);
  const read = schema.safeParse(values);
  if (read.success) return read.data;
  throw new RoundupError('input-invalid', 'This cursor is not one of this list.', {
    hint: 'Begin again without one.',
  });
}

/** A page of a list that was asked for one row more than is shown. */
export function pageOf<T>(
  rows: T[],
  limit: number,
  place: (last: T) => (number | string)[],
): { items: T[]; next: string | null } {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? cursorOf(place(last)) : null };
}
