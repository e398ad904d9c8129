import type { Sums } from '../dispatch/index.ts';
import type { Edition } from '../editions/index.ts';

/** An edition's state in words. Sent with mails in doubt that are held is not the same as sent. */
export function stateText({ state }: Pick<Edition, 'state'>, { uncertain }: Pick<Sums, 'uncertain'>): string {
  const words = state.replace('_', ' ');
  return state === 'sent' && uncertain > 0 ? `${words}, ${uncertain.toLocaleString('en-US')} uncertain` : words;
}
