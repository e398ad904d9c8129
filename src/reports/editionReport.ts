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
  audienceByDomain,
  conditionOf,
} from '../dispatch/index.ts';
import type { Relay } from '../platform/config/index.ts';
import { type Forecast, forecastFinish } from './forecast.ts';
import {
  type Approval,
  type Edition,
  type Newsletter,
  findNewsletter,
  standingApproval,
  readContent,
} from '../editions/index.ts';
import { MINUTE_MS, SECOND_MS } from '../lib/time.ts';
import { type Database, recentCount } from '../platform/database/index.ts';
import { sha256 } from '../lib/hash.ts';

export interface EditionReport {
  edition: Edition;
  newsletter: Newsletter | undefined;
  approval: Approval | undefined;
  sums: Sums;
  /** When the sums were those. */
  countedAt: Date;
  /** When the course, the domains and the reasons were those. */
  detailsAt: Date;
  /** How the send went on. */
  course: CoursePoint[];
  domains: DomainSums[];
  reasons: Reason[];
  /** Mails accepted a second: of late while it is being sent, over all of it afterwards; undefined before. */
  perSecond: number | undefined;
  /** When everybody who is not put off will have been reached; undefined where there is nothing to go by. */
  forecast: Forecast | undefined;
  /** How many it would go to now, or has yet to reach; undefined where that was not asked for, or is over. */
  yetToReach: number | undefined;
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
  const { value: details, at: detailsAt } = await recentDetails(db, edition);
  const perSecond = await rateOf(db, edition, sums);
  return {
    edition,
    newsletter: await findNewsletter(db, edition.newsletterId),
    approval: await standingApproval(db, edition.id),
    sums,
    countedAt,
    ...details,
    detailsAt,
    perSecond,
    ...(foretells ? await foretell(db, edition, { now, relays, perSecond }) : NOTHING),
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
): Promise<Foretold> {
  if (FINAL.has(edition.state)) return NOTHING;
  const isUnderWay = UNDER_WAY.has(edition.state);
  const count = async (): Promise<{ size: number; afterMs?: number; limitedBy?: string }> => {
    const remaining = isUnderWay ? await remainingByDomain(db, edition.id) : await audienceNow(db, edition);
    const size = remaining.reduce((sum, { count: some }) => sum + some, 0);
    // A send that has only begun has no pace of its own yet.
    const measuredPerSecond = (isUnderWay && perSecond) || (await lastPace(db, edition.newsletterId));
    const forecast =
      size === 0
        ? undefined
        : forecastFinish({ now, remaining, relays, limits: await listDomainLimits(db), measuredPerSecond });
    if (size === 0 || forecast === undefined) return { size };
    return { size, limitedBy: forecast.limitedBy, afterMs: forecast.finishAt.getTime() - now.getTime() };
  };
  const key = isUnderWay ? `ledger/${edition.id}/forecast` : await audienceKey(db, edition);
  const { value, at } = await recentCount(db, key, count, {
    freshMs: isUnderWay ? 0 : PLAN_MS,
    // Whoever is about to send it wants to know to how many.
    oldMs: edition.state === 'approved' ? MINUTE_MS : OLD_PLAN_MS,
  });
  const { size, afterMs, limitedBy } = value;
  const isForetold = afterMs !== undefined && limitedBy !== undefined;
  return {
    yetToReach: size,
    forecast: isForetold ? { limitedBy, finishAt: new Date(at.getTime() + afterMs) } : undefined,
  };
}

type Foretold = Pick<EditionReport, 'forecast' | 'yetToReach'>;
const NOTHING: Foretold = { forecast: undefined, yetToReach: undefined };

/** Whom it would go to, were it sent now. */
async function audienceNow(db: Database, edition: Edition): Promise<{ domain: string; count: number }[]> {
  const { audience } = await readContent(db, edition);
  const only = conditionOf(audience, await findNewsletter(db, edition.newsletterId));
  return audienceByDomain(db, { ...edition, editionId: edition.id, only, hasBegun: edition.startedAt !== null });
}

/** Editions for all readers of one newsletter have one audience. */
async function audienceKey(db: Database, edition: Edition): Promise<string> {
  const { id, newsletterId, correctsEditionId, startedAt } = edition;
  if (startedAt !== null || correctsEditionId !== null) return `edition/${id}/audience`;
  const { audience } = await readContent(db, edition);
  return `newsletter/${newsletterId}/audience${audience ? `/${sha256(audience.filter)}` : ''}`;
}

const UNDER_WAY = new Set<Edition['state']>(['sending', 'paused']);
const FINAL = new Set<Edition['state']>(['sent', 'stopped', 'cancelled']);
