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

/** A recipient that this process has claimed. */
export interface Claimed {
  subscriberId: number;
  address: string;
  name: string;
  attempts: number;
}

/** What is to be written down of a recipient whose mail was handed over, or was tried to be. */
export interface Settlement {
  subscriberId: number;
  state: 'accepted' | 'deferred' | 'refused' | 'uncertain';
  reason: string;
  /** For `deferred`: how long until the next try. */
  waitMs: number;
  /** It never came to the recipient, so that it counts for no try. */
  unsent: boolean;
  /** The server says that there is no such mailbox: the address is never to be mailed again. */
  unknownMailbox: boolean;
}
