import type { z } from 'zod';
import { RoundupError } from '../platform/errors.ts';

/** What was given, without what was not. */
export function definedOnly<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** Validates, and says all that is wrong, by field, with what is wanted. */
export function parseWith<S extends z.ZodType>(schema: S, value: unknown, hint: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `  ${issue.path.join('.') || 'input'}: ${issue.message}`);
  throw new RoundupError('input-invalid', `This cannot be saved:\n${lines.join('\n')}`, { hint });
}
