import {
  type DomainSums,
  type Reason,
  type Sums,
  acceptedPerSecond,
  lastPace,
  listDomainLimits,
  reasonsOf,
  remainingByDomain,
  sumsByDomain,
  sumsOf,
} from '../dispatch/index.ts';
import type { Relay } from '../platform/config/index.ts';
import { mailableByDomain } from '../subscribers/index.ts';
import { type Forecast, forecastFinish } from './forecast.ts';
import { type Approval, type Edition, type Newsletter, findNewsletter, standingApproval } from '../editions/index.ts';
import type { Database } from '../platform/database/index.ts';

export interface EditionReport {
  edition: Edition;
  newsletter: Newsletter | undefined;
  approval: Approval | undefined;
  sums: Sums;
  domains: DomainSums[];
  reasons: Reason[];
  /** Mails accepted a second: of late while it is being sent, over all of it afterwards; undefined before. */
  perSecond: number | undefined;
  /** When everybody who is not put off will have been reached; undefined where there is nothing to go by. */
  forecast: Forecast | undefined;
}

const MAX_ROWS = 12;
const RECENT_SECONDS = 60;

export async function reportEdition(
  db: Database,
  edition: Edition,
  { now, relays }: { now: Date; relays: Relay[] },
): Promise<EditionReport> {
  const sums = await sumsOf(db, edition.id);
  const perSecond = await rateOf(db, edition, sums);
  return {
    edition,
    newsletter: await findNewsletter(db, edition.newsletterId),
    approval: await standingApproval(db, edition.id),
    sums,
    domains: await sumsByDomain(db, edition.id, MAX_ROWS),
    reasons: await reasonsOf(db, edition.id, MAX_ROWS),
    perSecond,
    forecast: await foretell(db, edition, { now, relays, perSecond }),
  };
}

async function rateOf(
  db: Database,
  { id, state, startedAt, finishedAt }: Edition,
  sums: Sums,
): Promise<number | undefined> {
  if (startedAt === null) return undefined;
  if (state === 'sending') return acceptedPerSecond(db, id, RECENT_SECONDS);
  if (finishedAt === null) return undefined;
  const seconds = (finishedAt.getTime() - startedAt.getTime()) / 1_000;
  return seconds > 0 ? sums.accepted / seconds : undefined;
}

/** Before a send and while it is going on. */
async function foretell(
  db: Database,
  edition: Edition,
  { now, relays, perSecond }: { now: Date; relays: Relay[]; perSecond: number | undefined },
): Promise<Forecast | undefined> {
  if (FINAL.has(edition.state)) return undefined;
  const isUnderWay = edition.startedAt !== null;
  const remaining = isUnderWay
    ? await remainingByDomain(db, edition.id)
    : await mailableByDomain(db, edition.newsletterId);
  if (remaining.length === 0) return undefined;
  // A send that has only begun has no pace of its own yet.
  const measuredPerSecond = (isUnderWay && perSecond) || (await lastPace(db, edition.newsletterId));
  return forecastFinish({ now, remaining, relays, limits: await listDomainLimits(db), measuredPerSecond });
}

const FINAL = new Set<Edition['state']>(['sent', 'stopped', 'cancelled']);
