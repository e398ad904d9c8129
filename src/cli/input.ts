import type { z } from 'zod';
import { parseDomain } from '../lib/addresses.ts';
import { RoundupError } from '../platform/errors.ts';

/** A domain given on the command line. Throws `input-invalid`. */
export function readDomain(text: string): string {
  const domain = parseDomain(text.trim());
  if (domain !== undefined) return domain;
  throw new RoundupError('input-invalid', `"${text}" is not a domain.`, { hint: 'Write it like example.net' });
}

/** Validates, and says all that is wrong, by field, with what is wanted. */
export function parseWith<S extends z.ZodType>(schema: S, value: unknown, hint: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `  ${optionOf(issue.path)}: ${issue.message}`);
  throw new RoundupError('input-invalid', `This cannot be saved:\n${lines.join('\n')}`, { hint });
}

/** The options as they are typed, by the fields that they fill. */
const OPTIONS: Record<string, string> = {
  homeUrl: '--home',
  logoUrl: '--logo',
  postalAddress: '--postal-address',
  socialLinks: '--social',
  minimumPieces: '--minimum',
  windowDays: '--window-days',
  editors: '--editor',
  replyTo: '--reply-to',
  timeZone: '--time-zone',
  onUncertain: '--on-uncertain',
  'schedule.cron': '--cron',
  standingApproval: '--standing-approval',
  'diversity.perAuthor': '--per-author',
  'diversity.perRegion': '--per-region',
  'diversity.minRegions': '--min-regions',
  'schedule.reminderMinutes': '--reminder-minutes',
  'schedule.leadMinutes': '--lead-minutes',
  'schedule.toleranceMinutes': '--tolerance-minutes',
};

function optionOf(path: PropertyKey[]): string {
  const [field = 'input', part] = path.map(String);
  return (
    OPTIONS[`${field}.${part}`] ??
    OPTIONS[field] ??
    (/^(name|tagline|language|sender|sections|why)$/.test(field) ? `--${field}` : path.join('.'))
  );
}
