export interface Subscriber {
  id: number;
  address: string;
  name: string;
}

export type SubscriptionState = 'pending' | 'active' | 'unsubscribed';

export interface Subscription {
  newsletterId: number;
  newsletter: string;
  state: SubscriptionState;
  since: Date;
  topics: string[];
  /** At most one edition in so many days; 0: each. */
  everyDays: number;
  pausedUntil: Date | null;
}

export type SuppressionReason = 'unknown-mailbox' | 'complaint' | 'manual';
