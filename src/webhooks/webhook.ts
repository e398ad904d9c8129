import { z } from 'zod';

// What others are told of. An event is told to every webhook that asked for its type, at least once, signed after Standard
// Webhooks (https://www.standardwebhooks.com, 1.0).

export const EVENT_TYPES = [
  'edition.proposed',
  'edition.review-asked',
  'edition.approved',
  'edition.approval-withdrawn',
  'edition.scheduled',
  'edition.released',
  'edition.paused',
  'edition.resumed',
  'edition.stopped',
  'edition.cancelled',
  'edition.sent',
  /** While it is being sent, every minute: how many are in which state. */
  'edition.sums',
  'subscription.started',
  'import.done',
  'subscription.ended',
  'subscription.restored',
  /** Asked for by somebody, to see that it arrives. */
  'test',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export interface WebhookEvent {
  type: EventType;
  /** Of which newsletter; null where it is of none. */
  newsletterId: number | null;
  data: Record<string, unknown>;
}

export interface Webhook {
  id: number;
  name: string;
  url: string;
  isLocal: boolean;
  events: EventType[];
  newsletterIds: number[] | null;
  /** Until when the secret of before signs beside the present one. */
  oldUntil: Date | null;
  createdAt: Date;
  pausedAt: Date | null;
  pausedCause: string | null;
}

export const webhookSchema = z.strictObject({
  name: z.string().trim().min(1).max(100),
  url: z.url({ protocol: /^https?$/ }).max(2_000),
  /** May it be on a private network? Only administrators make webhooks. */
  isLocal: z.boolean().default(false),
  events: z.array(z.enum(EVENT_TYPES)).min(1).max(EVENT_TYPES.length),
  newsletterIds: z.array(z.int().positive()).min(1).max(100).nullable().default(null),
});
export type NewWebhook = z.infer<typeof webhookSchema>;

/** One event on its way to one webhook. */
export interface WebhookDelivery {
  id: number;
  webhookId: number;
  eventId: string;
  type: EventType;
  payload: Record<string, unknown>;
  madeAt: Date;
  attempts: number;
  /** When it is tried next; null where it is through, arrived or given up. */
  dueAt: Date | null;
  deliveredAt: Date | null;
  status: number | null;
  problem: string | null;
}
