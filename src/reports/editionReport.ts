import {
  type CoursePoint,
  type DomainSums,
  type Reason,
  type Sums,
  acceptedPerSecond,
  lastPace,
  listDomainLimits,
  recentDetails,
  recentSums,
  remainingByDomain,
} from '../dispatch/index.ts';
import type { Relay } from '../platform/config/index.ts';
import { mailableByDomain } from '../subscribers/index.ts';
import { type Forecast, forecastFinish } from './forecast.ts';
import { type Approval, type Edition, type Newsletter, findNewsletter, standingApproval } from '../editions/index.ts';
import { MINUTE_MS, SECOND_MS } from '../lib/time.ts';
import { type Database, recentCount } from '../platform/database/index.ts';

export interface EditionReport {
  edition: Edition;
  newsletter: Newsletter | undefined;
  approval: Approval | undefined;
  sums: Sums;
  /** When the sums were those. */
  countedAt: Date;
  /** How the send went on. */
  course: CoursePoint[];
  domains: DomainSums[];
  reasons: Reason[];
  /** Mails accepted a second: of late while it is being sent, over all of it afterwards; undefined before. */
  perSecond: number | undefined;
  /** When everybody who is not put off will have been reached; undefined where there is nothing to go by. */
  forecast: Forecast | undefined;
}

/** How long its send would take changes slowly, until it begins. */
const PLAN_MS = 30 * SECOND_MS;
const OLD_PLAN_MS = 10 * MINUTE_MS;
const RECENT_SECONDS = 60;

/** `foretells`: with the planned finish, which takes a look at all who may be mailed. */
export async function reportEdition(
  db: Database,
  edition: Edition,
  { now, relays, foretells = true }: { now: Date; relays: Relay[]; foretells?: boolean },
): Promise<EditionReport> {
  const { value: sums, at: countedAt } = await recentSums(db, edition);
  const { value: details } = await recentDetails(db, edition);
  const perSecond = await rateOf(db, edition, sums);
  return {
    edition,
    newsletter: await findNewsletter(db, edition.newsletterId),
    approval: await standingApproval(db, edition.id),
    sums,
    countedAt,
    ...details,
    perSecond,
    forecast: foretells ? await foretell(db, edition, { now, relays, perSecond }) : undefined,
  };
}

async function rateOf(
  db: Database,
  { id, state, startedAt, finishedAt }: Edition,
  sums: Sums,
): Promise<number | undefined> {
  if (startedAt === null) return undefined;
  if (state === 'sending')
    return (await recentCount(db, `ledger/${id}/rate`, () => acceptedPerSecond(db, id, RECENT_SECONDS))).value;
  if (finishedAt === null) return undefined;
  const seconds = (finishedAt.getTime() - startedAt.getTime()) / 1_000;
  return seconds > 0 ? sums.accepted / seconds : undefined;
}

/** Before a send and while it is going on; from when it was worked out last. */
async function foretell(
  db: Database,
  edition: Edition,
  { now, relays, perSecond }: { now: Date; relays: Relay[]; perSecond: number | undefined },
): Promise<Forecast | undefined> {
  if (FINAL.has(edition.state)) return undefined;
  const isUnderWay = edition.startedAt !== null;
  const count = async () => {
    const remaining = isUnderWay
      ? await remainingByDomain(db, edition.id)
      : await mailableByDomain(db, edition.newsletterId);
    if (remaining.length === 0) return null;
    // A send that has only begun has no pace of its own yet.
    const measuredPerSecond = (isUnderWay && perSecond) || (await lastPace(db, edition.newsletterId));
    const forecast = forecastFinish({ now, remaining, relays, limits: await listDomainLimits(db), measuredPerSecond });
    return forecast === undefined ? null : { ...forecast, afterMs: forecast.finishAt.getTime() - now.getTime() };
  };
  const key = isUnderWay ? `ledger/${edition.id}/forecast` : `newsletter/${edition.newsletterId}/forecast`;
  const { value, at } = await recentCount(db, key, count, {
    freshMs: isUnderWay ? 0 : PLAN_MS,
    oldMs: OLD_PLAN_MS,
  });
  if (value === null) return undefined;
  const { afterMs, limitedBy } = value;
  return { limitedBy, finishAt: new Date(at.getTime() + afterMs) };
}

const FINAL = new Set<Edition['state']>(['sent', 'stopped', 'cancelled']);
