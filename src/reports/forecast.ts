import { DAY_MS, SECOND_MS } from '../lib/time.ts';
import type { DomainLimit } from '../dispatch/index.ts';
import { type Relay, quotaOn } from '../platform/config/index.ts';

/** What is known when a send's end is foretold. */
export interface ForecastInput {
  now: Date;
  /** Who is still to be reached, by recipient domain. */
  remaining: { domain: string; count: number }[];
  relays: Pick<Relay, 'name' | 'perSecond' | 'perDay' | 'warmUp'>[];
  limits: DomainLimit[];
  /** Messages a second of this send so far, or of an earlier one; undefined: nothing to go by. */
  measuredPerSecond: number | undefined;
}

export interface Forecast {
  finishAt: Date;
  /** What holds it up most, as a sentence's part. */
  limitedBy: string;
}

/** Nobody plans farther ahead. */
const MAX_DAYS = 60;

/**
 * When everybody who is not put off will have been reached: as late as the slowest of the relays' rates and quotas, each
 * domain's limit, and the pace so far make it. Undefined where there is neither a limit nor a pace.
 */
export function forecastFinish({
  now,
  remaining,
  relays,
  limits,
  measuredPerSecond,
}: ForecastInput): Forecast | undefined {
  const total = remaining.reduce((sum, { count }) => sum + count, 0);
  const candidates: { ms: number; limitedBy: string }[] = [];
  const add = (ms: number, limitedBy: string) => candidates.push({ ms, limitedBy });
  if (measuredPerSecond !== undefined && measuredPerSecond > 0)
    add((total / measuredPerSecond) * SECOND_MS, 'the pace so far');
  const rates = relays.map(({ perSecond }) => perSecond ?? Number.POSITIVE_INFINITY);
  const rate = rates.reduce((sum, one) => sum + one, 0);
  if (Number.isFinite(rate) && rate > 0) add((total / rate) * SECOND_MS, "the relays' rate");
  const days = quotaDays(relays, total, now);
  if (days !== undefined) add(days, "the relays' daily quota");
  const general = limits.find(({ domain }) => domain === '*');
  for (const { domain, count } of remaining) {
    const perSecond = (limits.find((limit) => limit.domain === domain) ?? general)?.perSecond;
    if (perSecond) add((count / perSecond) * SECOND_MS, `the limit of ${domain}`);
  }
  const [first, ...others] = candidates;
  if (first === undefined) return undefined;
  const slowest = others.reduce((worst, one) => (one.ms > worst.ms ? one : worst), first);
  return { finishAt: new Date(now.getTime() + slowest.ms), limitedBy: slowest.limitedBy };
}

/** How long until the quotas of the days (UTC) to come suffice; undefined where they do today. */
function quotaDays(relays: ForecastInput['relays'], total: number, now: Date): number | undefined {
  let left = total;
  for (let day = 0; day < MAX_DAYS; day++) {
    const at = new Date(now.getTime() + day * DAY_MS);
    left -= relays.reduce((sum, relay) => sum + quotaOn(relay, at), 0);
    if (left <= 0) return day === 0 ? undefined : startOfDay(at).getTime() - now.getTime();
  }
  return MAX_DAYS * DAY_MS;
}

function startOfDay(date: Date): Date {
  return new Date(Math.floor(date.getTime() / DAY_MS) * DAY_MS);
}
