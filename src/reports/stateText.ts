import type { Sums } from '../dispatch/index.ts';
import type { Edition } from '../editions/index.ts';

/** An edition's state in words. Sent with mails in doubt that are held is not the same as sent. */
export function stateText({ state }: Pick<Edition, 'state'>, { uncertain }: Pick<Sums, 'uncertain'>): string {
  const words = state.replace('_', ' ');
  return state === 'sent' && uncertain > 0 ? `${words}, ${uncertain.toLocaleString('en-US')} uncertain` : words;
}

/** Which part of its audience is settled, from 0 to 1. */
export function shareOf({ audience, planned, handing, deferred }: Sums): number {
  return audience === 0 ? 0 : (audience - planned - handing - deferred) / audience;
}
