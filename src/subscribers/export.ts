import { csvLine } from '../lib/csv.ts';
import { type Database, sql } from '../platform/database/index.ts';
import type { Subscription } from './subscriber.ts';

// The list, to take along: page by page, so that one of any length takes the memory of a page. What is read from it again is what it
// was: a cell that a spreadsheet would take for a formula loses its apostrophe on the way in.

export interface ExportedSubscriber extends Omit<Subscription, 'newsletterId'> {
  address: string;
  name: string;
  language: string;
  attributes: Record<string, string>;
  consentAt: Date | null;
  consentGround: string | null;
  suppressed: boolean;
}

const PAGE = 2_000;

/** Everybody of a newsletter, in the order in which they came. */
export async function* exportSubscribers(db: Database, newsletterId: number): AsyncGenerator<ExportedSubscriber[]> {
  for (let after = 0; ;) {
    const { rows } = await sql<ExportedSubscriber & { id: number }>`
      with page as materialized (
        select s.* from subscriptions s where s.newsletter_id = ${newsletterId} and s.subscriber_id > ${after}
        order by s.subscriber_id limit ${PAGE}
      )
      select p.id, p.address, p.name, p.language, p.attributes, n.slug as newsletter, s.state, s.since, s.topics, s.every_days as "everyDays",
        s.paused_until as "pausedUntil", c.given_at as "consentAt", c.ground as "consentGround",
        x.address_key is not null as suppressed
      from page s join subscribers p on p.id = s.subscriber_id join newsletters n on n.id = s.newsletter_id
      left join lateral (select given_at, ground from consents c
        where c.subscriber_id = s.subscriber_id and c.newsletter_id = s.newsletter_id order by given_at desc limit 1) c on true
      left join lateral (select address_key from suppressions x where x.address_key = p.address_key limit 1) x on true
      order by p.id`.execute(db);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(({ id: _id, ...row }) => row);
    after = last.id;
  }
}

const COLUMNS = [
  'email',
  'name',
  'language',
  'newsletter',
  'status',
  'since',
  'topics',
  'every_days',
  'paused_until',
  'consent_at',
  'consent_ground',
  'attributes',
];

/** As CSV (RFC 4180), a page at a time; who is suppressed has the status "suppressed", and is no reader wherever it is read. */
export async function* exportAsCsv(db: Database, newsletterId: number): AsyncGenerator<string> {
  yield csvLine(COLUMNS);
  for await (const page of exportSubscribers(db, newsletterId)) yield page.map(asLine).join('');
}

/** As JSON, an object a line. */
export async function* exportAsJson(db: Database, newsletterId: number): AsyncGenerator<string> {
  for await (const page of exportSubscribers(db, newsletterId))
    yield page.map((one) => `${JSON.stringify(one)}\n`).join('');
}

function asLine(one: ExportedSubscriber): string {
  const status = one.suppressed ? 'suppressed' : one.state === 'active' ? 'subscribed' : one.state;
  return csvLine([
    one.address,
    one.name,
    one.language,
    one.newsletter,
    status,
    one.since.toISOString(),
    one.topics.join(' '),
    String(one.everyDays),
    one.pausedUntil?.toISOString() ?? '',
    one.consentAt?.toISOString() ?? '',
    one.consentGround ?? '',
    Object.keys(one.attributes).length === 0 ? '' : JSON.stringify(one.attributes),
  ]);
}
