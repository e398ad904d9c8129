import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from '../app.ts';
import { DELIVERY_STATES, type Sums, sumsOf } from '../dispatch/index.ts';
import { getEdition } from '../newsroom/index.ts';
import { startStep } from './progress.ts';
import { durationText } from './rates.ts';

const POLL_MS = 250;

/** Shows a send until it has come to its end or to a halt; Ctrl-C stops the showing, not the send. */
export async function followSend(app: App, editionId: number): Promise<Sums> {
  const progress = startStep('Sending');
  const began = performance.now();
  for (;;) {
    const looked = performance.now();
    const { state } = await getEdition(app.database.db, editionId);
    const sums = await sumsOf(app.database.db, editionId);
    if (state !== 'sending') {
      progress.done(`${state}: ${sumsText(sums)}`);
      return sums;
    }
    progress.update(settledShare(sums), `${sumsText(sums)}, ${perSecond(sums, began)}/s${untilDone(sums, began)}`);
    // Counting a long ledger is work, too: it gets a tenth of the time.
    await sleep(Math.max(POLL_MS, 9 * (performance.now() - looked)));
  }
}

/** "1,998 accepted, 2 refused of 2,000". */
export function sumsText(sums: Sums): string {
  const parts = DELIVERY_STATES.filter((state) => sums[state] > 0).map(
    (state) => `${sums[state].toLocaleString('en-US')} ${state}`,
  );
  return `${parts.join(', ') || 'nothing'} of ${sums.audience.toLocaleString('en-US')}`;
}

export function settledShare(sums: Sums): number {
  return sums.audience === 0 ? 1 : 1 - (sums.planned + sums.handing + sums.deferred) / sums.audience;
}

/** How long it will go on at this pace, for those who are not put off. */
function untilDone(sums: Sums, began: number): string {
  const rate = perSecond(sums, began);
  return rate === 0 ? '' : `, ${durationText(((sums.planned + sums.handing) / rate) * 1_000)} to go`;
}

function perSecond(sums: Sums, began: number): number {
  return Math.round(sums.accepted / Math.max((performance.now() - began) / 1_000, 0.001));
}
