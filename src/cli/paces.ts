import type { KnownPace } from '../dispatch/index.ts';
import { mark, print } from './output.ts';
import { durationText, rateText } from './rates.ts';

/** Relays and domains that are on hold or slowed just now, and why. */
export function printPaces(paces: KnownPace[]): void {
  for (const { key, heldMs, slowedTo, heldCause, heldReason } of paces) {
    const name = key.replace(':', ' ');
    if (heldMs > 0) print(`${mark.warn} ${name} is on hold for ${durationText(heldMs)} (${heldCause}): ${heldReason}`);
    if (slowedTo !== null) print(`${mark.warn} ${name} is slowed to ${rateText(slowedTo)}`);
  }
}
