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
}

export type SuppressionReason = 'unknown-mailbox' | 'complaint' | 'manual';
