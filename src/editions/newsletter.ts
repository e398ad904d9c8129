import { z } from 'zod';
import { parseAddress } from '../lib/addresses.ts';
import { isTimeZone } from '../lib/time.ts';
import { cronProblem } from './slots.ts';

// A newsletter's settings, validated wherever they come from.

const address = z.string().transform((text, context) => {
  const parsed = parseAddress(text);
  if (parsed === undefined) context.addIssue({ code: 'custom', message: `"${text}" is not a mail address` });
  return parsed ?? '';
});

const words = z.array(z.string().trim().max(200)).max(100).optional();

const ruleSchema = z.strictObject({
  kinds: words,
  regions: words,
  sources: words,
  tags: words,
  authors: words,
  /** Of which the headline has one at least, as whole words. */
  titleWords: words,
  maxAgeDays: z.number().positive().max(3_650).optional(),
});

const sectionSchema = z
  .strictObject({
    key: z.string().regex(/^[a-z0-9-]{1,40}$/),
    /** Empty: no heading, as over the lead. */
    title: z.string().trim().max(100),
    layout: z.enum(['lead', 'cards', 'list', 'shorts']),
    /** A piece fits where it meets every part that is given; without any part, every piece fits. */
    rule: ruleSchema.default({}),
    /** Is seen to for every section before any goes on to its max. */
    min: z.int().min(0).max(50).default(0),
    max: z.int().min(1).max(50),
    order: z.enum(['newest', 'oldest', 'longest', 'shortest']).default('newest'),
    /** What may stand in where the rule gives fewer than `min`. */
    fillUp: ruleSchema.nullable().default(null),
    /** What becomes of a section that has fewer than `min` all the same. */
    whenShort: z.enum(['keep', 'drop']).default('keep'),
    /** What a lead should have, the weightiest first; of those that are equal in all of it, the order decides. */
    criteria: z
      .array(z.enum(['photo', 'deck', 'byline', 'long', 'kind']))
      .max(5)
      .default(['photo', 'deck']),
  })
  .refine((section) => section.min <= section.max, { message: 'min is greater than max' });

const diversitySchema = z.strictObject({
  /** Most pieces of an edition by one author, and from one region; null: any number. */
  perAuthor: z.int().min(1).max(50).nullable().default(2),
  perRegion: z.int().min(1).max(50).nullable().default(null),
  /** Fewest regions of an edition, where there are pieces of so many. */
  minRegions: z.int().min(1).max(10).default(2),
});

const scheduleSchema = z.strictObject({
  /** When editions are due, as a cron pattern (minute hour day month weekday) in the newsletter's time zone. */
  cron: z.string().superRefine((pattern, context) => {
    const problem = cronProblem(pattern);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  }),
  /** How long before it is due an edition is proposed to the editors. */
  leadMinutes: z
    .int()
    .min(0)
    .max(14 * 24 * 60)
    .default(24 * 60),
  /** How long before it is due editors are reminded of an edition that nobody has approved; 0: never. */
  reminderMinutes: z
    .int()
    .min(0)
    .max(14 * 24 * 60)
    .default(3 * 60),
  /** How late a proposal may still be made, after the program was down. */
  toleranceMinutes: z
    .int()
    .min(0)
    .max(14 * 24 * 60)
    .default(12 * 60),
});

export const newsletterSettingsSchema = z.strictObject({
  sender: z.strictObject({ name: z.string().trim().min(1).max(100), address }),
  replyTo: address.nullable().default(null),
  language: z
    .string()
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/)
    .default('en'),
  timeZone: z.string().refine(isTimeZone, { message: 'is not an IANA time zone such as Europe/London' }).default('UTC'),
  schedule: scheduleSchema.nullable().default(null),
  /** The window of the first edition, and the longest of any. */
  windowDays: z.int().min(1).max(365).default(7),
  minimumPieces: z.int().min(1).max(100).default(3),
  sections: z.array(sectionSchema).min(1).max(20),
  diversity: diversitySchema.prefault({}),
  editors: z.array(address).max(50).default([]),
  /**
   * Whose standing approval sends an edition that nobody has approved when it is due, if no check finds anything; null: it is
   * held.
   */
  standingApproval: z.string().trim().min(1).max(100).nullable().default(null),
  /** Must somebody approve it who was not the last to change it? */
  requiresTwoPeople: z.boolean().default(false),
  /** Are readers spared pieces that another newsletter of ours has brought them? */
  sparesRepeats: z.boolean().default(false),
  theme: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/)
    .default('gazette'),
  /** What it is, for the pages where people choose: a sentence or two. */
  description: z.string().trim().max(500).default(''),
  /** May anybody subscribe to it on the public pages? */
  isPublic: z.boolean().default(false),
  /** May anybody read what was sent of it, in the archive? */
  archive: z.enum(['public', 'off']).default('off'),
  /** What a subscriber may choose of it, for editions and segments to go by. */
  topics: z
    .array(z.strictObject({ key: z.string().regex(/^[a-z0-9-]{1,40}$/), title: z.string().trim().min(1).max(60) }))
    .max(20)
    .default([]),
  /** Why a reader gets this mail, as a sentence of the footer. */
  why: z.string().trim().max(300).default(''),
  /** What becomes of a mail of which nobody can tell whether it arrived: sent again, or held for an editor. */
  onUncertain: z.enum(['resend', 'hold']).default('resend'),
  /** How long a recipient's server may put us off before we stop trying. */
  maxAgeHours: z
    .int()
    .min(1)
    .max(24 * 14)
    .default(48),
});

export type NewsletterSettings = z.infer<typeof newsletterSettingsSchema>;
export type SectionSettings = NewsletterSettings['sections'][number];
export type Diversity = NewsletterSettings['diversity'];

export interface Newsletter extends NewsletterSettings {
  id: number;
  slug: string;
  name: string;
  sourceIds: number[];
  /** From when on its schedule holds: no slot before it is one. */
  scheduleSince: Date;
}

/** The sections of a weekly round-up of a magazine, to begin with. */
export const DEFAULT_SECTIONS: SectionSettings[] = z.array(sectionSchema).parse([
  { key: 'lead', title: '', layout: 'lead', rule: { kinds: ['Analysis', 'Reporting'] }, min: 1, max: 1 },
  { key: 'analysis', title: 'Analysis', layout: 'cards', rule: { kinds: ['Analysis'] }, min: 0, max: 3 },
  { key: 'reporting', title: 'Reporting', layout: 'list', rule: { kinds: ['Reporting'] }, min: 0, max: 3 },
  { key: 'opinion', title: 'Opinion', layout: 'list', rule: { kinds: ['Opinion'] }, min: 0, max: 2 },
  { key: 'watch', title: 'Watch & listen', layout: 'list', rule: { kinds: ['Video', 'Podcast'] }, min: 0, max: 1 },
  { key: 'shorts', title: 'In brief', layout: 'shorts', rule: { kinds: ['Dispatch', 'QiOSK'] }, min: 0, max: 4 },
]);

/** For a source that does not say what kind its pieces are: the newest first. */
export const PLAIN_SECTIONS: SectionSettings[] = z.array(sectionSchema).parse([
  { key: 'lead', title: '', layout: 'lead', rule: {}, min: 1, max: 1 },
  { key: 'more', title: 'More this week', layout: 'list', rule: {}, min: 0, max: 8 },
  { key: 'shorts', title: 'In brief', layout: 'shorts', rule: {}, min: 0, max: 8 },
]);
