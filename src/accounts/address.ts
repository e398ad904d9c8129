import { z } from 'zod';
import { parseAddress } from '../lib/addresses.ts';

/** A mail address in the form in which it is kept. */
export const addressSchema = z.string().transform((text, context) => {
  const parsed = parseAddress(text);
  if (parsed === undefined) context.addIssue({ code: 'custom', message: 'is not a mail address' });
  return parsed ?? '';
});
