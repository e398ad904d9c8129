import { z } from 'zod';
import { OUTCOMES } from '../../subscribers/index.ts';
import { count, deliveryState, subscriptionState, time } from './schemas.ts';

// What the API says of readers and lists of them.

export const SuppressionImport = z
  .object({
    lines: count,
    addresses: count,
    hashes: count,
    matched: count.describe('Subscribers that a hash turned out to be'),
    invalid: count,
    problems: z.array(z.object({ line: count, reason: z.string() })),
  })
  .meta({ id: 'SuppressionImport' });
export const SubscriberData = z
  .object({
    address: z.string(),
    name: z.string(),
    language: z.string(),
    attributes: z.record(z.string(), z.string()).describe('What lists have said of them, by column'),
    subscriptions: z.array(
      z.object({
        newsletterId: z.int(),
        newsletter: z.string(),
        state: subscriptionState,
        since: time,
        topics: z.array(z.string()),
        everyDays: count,
        pausedUntil: time.nullable(),
      }),
    ),
    consents: z.array(
      z.object({
        newsletterId: z.int(),
        givenAt: time,
        askedAt: time.nullable(),
        ground: z.string(),
        form: z.string(),
        words: z.string(),
        address: z.string(),
      }),
    ),
    deliveries: z.array(
      z.object({
        editionId: z.int(),
        state: deliveryState,
        cause: z.string().nullable(),
        reason: z.string().nullable(),
        attempts: count,
        settledAt: time.nullable(),
      }),
    ),
  })
  .meta({ id: 'SubscriberData' });
const file = z.string().nullable().optional().describe('Which file of an archive of several');

export const ImportReport = z
  .object({
    format: z.string().describe('What wrote the list, by its columns'),
    lines: count,
    subscribed: count,
    alreadySubscribed: count,
    left: count.describe('Had left here, and stay away'),
    suppressed: count,
    leftElsewhere: count.describe('Had left there, and are known as such from now on'),
    struck: count.describe('Bounced, complained or were struck off there: suppressed from now on'),
    unconfirmed: count.describe('Never said yes there'),
    repeated: count.describe('Lines with an address that another line has, too: of several the gravest counts'),
    invalid: count,
    columns: z.array(z.string()).describe('Columns that nothing was made of'),
    problems: z.array(z.object({ file, line: count, reason: z.string(), found: z.string().optional() })),
    samples: z.array(z.object({ outcome: z.enum(OUTCOMES), file, line: count, address: z.string().optional() })),
  })
  .meta({ id: 'ImportReport' });
export const Import = z
  .object({
    id: z.int(),
    newsletterId: z.int(),
    ground: z.string(),
    madeBy: z.string(),
    madeAt: time,
    state: z
      .enum(['ready', 'running', 'failed', 'done', 'undone', 'reading'])
      .describe('"ready": looked at, to be run within a day; "running": the workers take it in'),
    problem: z.string().describe('Why it does not go on, where it does not'),
    file: z.string(),
    people: count.describe('How many the list has'),
    place: count.describe('How many of them are taken in'),
    report: ImportReport.partial(),
  })
  .meta({ id: 'Import' });

export const filter = z
  .string()
  .max(4_000)
  .describe(
    'Such as: topic is asia and language in (fr, es) and not attributes.plan is "gold card". Fields: status, newsletter, topic, language, cadence, subscribed, known, address, domain, name, attributes.…',
  );
export const Segment = z
  .object({
    id: z.int(),
    newsletterId: z.int(),
    name: z.string(),
    filter: z.string().describe('In its usual form'),
    madeBy: z.string(),
    changedAt: time,
  })
  .meta({ id: 'Segment' });
