// The words of the ledger. One row for each recipient of an edition; every number that is shown is a sum over these rows.

export const DELIVERY_STATES = [
  'planned',
  'handing',
  'accepted',
  'deferred',
  'refused',
  'uncertain',
  'withdrawn',
  'expired',
] as const;

export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** Rows per state; together they are the audience. */
export type Sums = Record<DeliveryState, number> & { audience: number };

/** Why a row is where it is, as a word to count and to retry by. */
export const CAUSES = [
  /** Refused: there is no such mailbox; the address is suppressed. */
  'unknown-mailbox',
  /** The mailbox does not take it: full, disabled, moved. */
  'mailbox',
  /** Too large for the server. */
  'too-large',
  /** The server does not take addresses beyond ASCII. */
  'not-ascii',
  /** Refused for another reason, such as the content. */
  'refused',
  /** The server refuses us, not the reader (5.7.x). */
  'policy',
  /** "Not so fast." */
  'throttled',
  /** The server is in trouble, or greylists. */
  'temporary',
  /** The connection broke: before the message was sent (deferred), or after it (uncertain). */
  'connection-lost',
  /** The worker was lost while it handed the mail over. */
  'worker-lost',
  /** The reader left or was suppressed before the hand-over. */
  'left',
  /** The edition was stopped. */
  'stopped',
] as const;

export type Cause = (typeof CAUSES)[number];

/** A recipient that this process has claimed. */
export interface Claimed {
  subscriberId: number;
  address: string;
  name: string;
  attempts: number;
}

/** A claim on a batch: its fencing token is written into every row that is handed over under it. */
export interface BatchKey {
  editionId: number;
  batch: number;
  claim: number;
}

/** What is to be written down of a recipient that was in `handing`. */
export interface Settlement {
  state: 'accepted' | 'deferred' | 'refused' | 'uncertain' | 'planned';
  cause: Cause | null;
  /** The server's words. */
  reason: string;
  /** For `deferred` and `planned`: how long until the next try. */
  waitMs: number;
  /** Does it count as a try of this recipient? */
  charged: boolean;
  relay: string;
}
