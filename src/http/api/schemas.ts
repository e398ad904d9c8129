import { z } from 'zod';
import { ROLES, SCOPES, addressSchema } from '../../accounts/index.ts';
import { CAUSES, DELIVERY_STATES } from '../../dispatch/index.ts';
import { blockSchema, newsletterSettingsSchema, publicationSchema } from '../../editions/index.ts';
import { EVENT_TYPES } from '../../webhooks/index.ts';

// The shapes of the API's answers. What a row has beyond its shape is left out of the answer.

/** The largest id and counter that the database's columns and JavaScript's numbers both hold. */
const MOST_ID = Number.MAX_SAFE_INTEGER;
const MOST_INT = 2_147_483_647;

export const id = z.coerce.number().int().positive().max(MOST_ID);
export const revision = z.coerce.number().int().positive().max(MOST_INT);
/** In an answer. */
export const time = z.date();
/** In a request: RFC 3339 with its zone. */
export const givenTime = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .refine((date) => date.getUTCFullYear() >= 1970 && date.getUTCFullYear() < 2200, { message: 'is out of range' });
export const ids = z.array(z.int().positive().max(MOST_ID)).max(200);
export const count = z.int().nonnegative();
/** A line of text that somebody writes. */
export const line = (most: number) => z.string().trim().max(most);

export const page = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    next: z.string().nullable().describe('The cursor of the next page; null on the last one'),
  });

export const paging = {
  cursor: z.string().max(500).optional().describe('`next` of the page before'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
};

export const editionState = z.enum([
  'draft',
  'in_review',
  'approved',
  'scheduled',
  'sending',
  'paused',
  'sent',
  'stopped',
  'cancelled',
]);

export const Publication = publicationSchema.meta({ id: 'Publication' });
export const Newsletter = newsletterSettingsSchema
  .extend({
    id: z.int(),
    slug: z.string(),
    name: z.string(),
    sourceIds: z.array(z.int()),
    scheduleSince: time,
    nextSlotAt: time.nullable(),
  })
  .strip()
  .meta({ id: 'Newsletter' });

export const sourceKind = z.enum(['feed', 'wordpress', 'ghost', 'sitemap', 'page']);
export const Source = z
  .object({
    id: z.int(),
    name: z.string(),
    url: z.string(),
    kind: sourceKind,
    isLocal: z.boolean(),
    completes: z.boolean(),
    checkedAt: time.nullable(),
    succeededAt: time.nullable(),
    failingSince: time.nullable(),
    lastProblem: z.string().nullable(),
    waitUntil: time.nullable(),
    pausedAt: time.nullable(),
    createdAt: time,
    health: z.object({
      state: z.enum(['well', 'failing', 'silent', 'paused', 'new']),
      words: z.string(),
      week: count.describe('Pieces of the last seven days'),
      usualWeek: z.number().nullable(),
      newestAt: time.nullable(),
    }),
  })
  .meta({ id: 'Source' });

export const Image = z.object({ url: z.string(), alt: z.string(), credit: z.string() }).meta({ id: 'Image' });
export const Piece = z
  .object({
    id: z.int(),
    url: z.string(),
    sourceId: z.int(),
    sourceIds: z.array(z.int()),
    title: z.string(),
    deck: z.string(),
    kind: z.string(),
    region: z.string(),
    authors: z.array(z.string()),
    tags: z.array(z.string()),
    image: Image.nullable(),
    readingMinutes: z.int(),
    language: z.string(),
    publishedAt: time,
    firstSeenAt: time,
    version: z.int(),
    embargoUntil: time.nullable(),
    goneAt: time.nullable(),
    retractedAt: time.nullable(),
    correction: z.string(),
    sameAs: z.int().nullable(),
  })
  .meta({ id: 'Piece' });
export const PieceChange = z
  .object({ version: z.int(), at: time, change: z.string(), before: z.string(), after: z.string() })
  .meta({ id: 'PieceChange' });
export const Mark = z
  .object({
    newsletterId: z.int(),
    mark: z.enum(['hold', 'never', 'pin']),
    editionNumber: z.int().nullable(),
    section: z.string().nullable(),
    madeBy: z.string(),
    madeAt: time,
  })
  .meta({ id: 'Mark' });

export const Crop = z
  .strictObject({ x: z.number().min(0).max(100), y: z.number().min(0).max(100), zoom: z.number().min(1).max(4) })
  .describe(
    'What is seen of a photograph: the middle, in percent of its width and height, and how much closer than need be',
  );
export const EditionPiece = z
  .object({
    pieceId: z.int(),
    url: z.string(),
    title: z.string(),
    deck: z.string(),
    kind: z.string(),
    region: z.string(),
    authors: z.array(z.string()),
    image: Image.extend({ crop: Crop.optional() }).nullable(),
    readingMinutes: z.int(),
    language: z.string(),
    version: z.int().optional(),
  })
  .meta({ id: 'EditionPiece' });
export const EditionBlock = blockSchema.meta({ id: 'EditionBlock' });
export const Content = z
  .object({
    subject: z.string(),
    preheader: z.string(),
    note: z.string().describe('Markdown'),
    audience: z
      .object({ name: z.string(), filter: z.string() })
      .nullable()
      .optional()
      .describe('The segment that it is for; without one, all readers'),
    sections: z.array(
      z.object({
        key: z.string(),
        title: z.string(),
        layout: z.enum(['lead', 'cards', 'list', 'shorts']),
        pieces: z.array(EditionPiece),
        blocks: z
          .array(EditionBlock)
          .optional()
          .describe('What an editor put between pieces, each after so many of them'),
      }),
    ),
  })
  .meta({ id: 'EditionContent' });

export const Approval = z
  .object({ revision: z.int(), hash: z.string(), approvedBy: z.string(), approvedAt: time })
  .meta({ id: 'Approval' });
const edition = z.object({
  id: z.int(),
  newsletterId: z.int(),
  number: z.int(),
  state: editionState,
  slotAt: time.nullable(),
  windowFrom: time,
  windowTo: time,
  revision: z.int(),
  releaseAt: time.nullable(),
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  correctsEditionId: z.int().nullable(),
  createdAt: time,
  missedAt: time.nullable(),
});
export const Edition = edition.meta({ id: 'Edition' });
export const WholeEdition = edition
  .extend({ content: Content, approval: Approval.nullable() })
  .meta({ id: 'EditionWithContent' });
export const Revised = z
  .object({
    edition: Edition,
    content: Content,
    approvalWithdrawn: z.boolean(),
    scheduleDropped: time.nullable().describe('When it would have gone out'),
  })
  .meta({ id: 'Revised' });
export const Revision = z
  .object({
    revision: z.int(),
    madeBy: z.string(),
    madeByAccount: z.int().nullable(),
    madeAt: time,
    change: z.string(),
  })
  .meta({ id: 'Revision' });
export const Difference = z
  .object({
    kind: z.enum([
      'subject',
      'preheader',
      'note',
      'audience',
      'section',
      'block',
      'added',
      'dropped',
      'moved',
      'edited',
    ]),
    what: z.string(),
    before: z.string(),
    after: z.string(),
  })
  .meta({ id: 'Difference' });
export const Choice = z
  .object({
    pieceId: z.int(),
    title: z.string(),
    included: z.boolean(),
    code: z.string(),
    sentence: z.string(),
    overridden: z.enum(['dropped', 'added', 'moved']).nullable(),
    overriddenBy: z.string().nullable(),
  })
  .meta({ id: 'Choice' });
export const Finding = z
  .object({ level: z.enum(['error', 'warning', 'note']), code: z.string(), sentence: z.string() })
  .meta({ id: 'Finding' });
export const Review = z
  .object({
    id: z.int(),
    revision: z.int(),
    act: z.enum(['asked', 'sent back', 'commented']),
    comment: z.string(),
    madeBy: z.string(),
    madeAt: time,
  })
  .meta({ id: 'Review' });

export const Sums = z
  .object({ audience: count, ...Object.fromEntries(DELIVERY_STATES.map((state) => [state, count])) })
  .meta({ id: 'Sums' });
export const deliveryState = z.enum(DELIVERY_STATES);
export const cause = z.enum(CAUSES);
export const Report = z
  .object({
    sums: Sums,
    domains: z.array(
      z.object({
        domain: z.string(),
        accepted: count,
        waiting: count.describe('Planned, under way or deferred'),
        deferred: count,
        refused: count,
        uncertain: count,
        other: count.describe('Neither accepted nor waiting'),
      }),
    ),
    reasons: z.array(z.object({ state: z.string(), cause: z.string().nullable(), reason: z.string(), count })),
    perSecond: z.number().nullable(),
    forecast: z.object({ finishAt: time, limitedBy: z.string() }).nullable(),
  })
  .meta({ id: 'Report' });
export const Delivery = z
  .object({
    subscriberId: z.int(),
    address: z.string(),
    state: deliveryState,
    cause: z.string().nullable(),
    reason: z.string().nullable(),
    attempts: z.int(),
    doubts: z.int(),
    relay: z.string().nullable(),
    dueAt: time.nullable(),
    settledAt: time.nullable(),
  })
  .meta({ id: 'Delivery' });

export const subscriptionState = z.enum(['pending', 'active', 'unsubscribed']);
export const Subscriber = z
  .object({ id: z.int(), address: z.string(), name: z.string(), createdAt: time, suppressed: z.boolean() })
  .meta({ id: 'Subscriber' });
export const Subscription = z
  .object({ newsletterId: z.int(), newsletter: z.string(), state: subscriptionState, since: time })
  .meta({ id: 'Subscription' });
export const Suppression = z
  .object({ address: z.string(), reason: z.string(), detail: z.string(), since: time })
  .meta({ id: 'Suppression' });
export const Media = z
  .object({ hash: z.string(), type: z.string(), width: z.int(), height: z.int(), url: z.string() })
  .meta({ id: 'Media' });

export const role = z.enum(ROLES);
export const scope = z.enum(SCOPES);
export const address = addressSchema;
export const Account = z
  .object({
    id: z.int(),
    address: z.string(),
    name: z.string(),
    role,
    newsletterIds: z.array(z.int()).nullable(),
    hasPassword: z.boolean(),
    hasFactor: z.boolean(),
    createdAt: time,
    signedInAt: time.nullable(),
    disabledAt: time.nullable(),
  })
  .meta({ id: 'Account' });
export const Token = z
  .object({
    id: z.int(),
    accountId: z.int(),
    name: z.string(),
    beginning: z.string(),
    scopes: z.array(z.string()),
    newsletterIds: z.array(z.int()).nullable(),
    expiresAt: time,
    createdAt: time,
    usedAt: time.nullable(),
    revokedAt: time.nullable(),
  })
  .meta({ id: 'Token' });
export const eventType = z.enum(EVENT_TYPES);
export const Webhook = z
  .object({
    id: z.int(),
    name: z.string(),
    url: z.string(),
    isLocal: z.boolean(),
    events: z.array(z.string()),
    newsletterIds: z.array(z.int()).nullable(),
    oldUntil: time.nullable(),
    createdAt: time,
    pausedAt: time.nullable(),
    pausedCause: z.string().nullable(),
  })
  .meta({ id: 'Webhook' });
export const WebhookDelivery = z
  .object({
    id: z.int(),
    eventId: z.string(),
    type: z.string(),
    payload: z.record(z.string(), z.unknown()),
    madeAt: time,
    attempts: z.int(),
    dueAt: time.nullable(),
    deliveredAt: time.nullable(),
    status: z.int().nullable(),
    problem: z.string().nullable(),
  })
  .meta({ id: 'WebhookDelivery' });
export const AuditEntry = z
  .object({
    id: z.int(),
    at: time,
    actor: z.string(),
    accountId: z.int().nullable(),
    act: z.string(),
    subject: z.string(),
    via: z.string(),
    address: z.string(),
    agent: z.string(),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditEntry' });

export const ProblemBody = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().describe('Stable; the reference lists them'),
    hint: z.string().optional(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });
