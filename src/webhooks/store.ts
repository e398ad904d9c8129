import { randomId } from '../lib/ids.ts';
import { type Database, sql } from '../platform/database/index.ts';
import type { NewWebhook, Webhook, WebhookDelivery, WebhookEvent } from './webhook.ts';

const COLUMNS = sql`id, name, url, is_local as "isLocal", events, newsletter_ids as "newsletterIds",
  old_until as "oldUntil", created_at as "createdAt", paused_at as "pausedAt", paused_cause as "pausedCause"`;
const DELIVERY = sql`id, webhook_id as "webhookId", event_id as "eventId", type, payload, made_at as "madeAt", attempts,
  due_at as "dueAt", delivered_at as "deliveredAt", status, problem`;

export async function insertWebhook(db: Database, webhook: NewWebhook, secret: string, now: Date): Promise<Webhook> {
  const { name, url, isLocal, events, newsletterIds } = webhook;
  const { rows } = await sql<Webhook>`
    insert into webhooks (name, url, is_local, events, newsletter_ids, secret, created_at)
    values (${name}, ${url}, ${isLocal}, ${events}::text[], ${newsletterIds}::bigint[], ${secret}, ${now})
    returning ${COLUMNS}`.execute(db);
  return rows[0] as Webhook;
}

export async function findWebhook(db: Database, id: number): Promise<Webhook | undefined> {
  return (await sql<Webhook>`select ${COLUMNS} from webhooks where id = ${id}`.execute(db)).rows[0];
}

export async function listWebhooks(db: Database, after: number, limit: number): Promise<Webhook[]> {
  return (
    await sql<Webhook>`select ${COLUMNS} from webhooks where id > ${after} order by id limit ${limit}`.execute(db)
  ).rows;
}

export async function updateWebhook(
  db: Database,
  id: number,
  webhook: Omit<Webhook, 'id' | 'createdAt' | 'oldUntil'>,
): Promise<void> {
  const { name, url, isLocal, events, newsletterIds, pausedAt, pausedCause } = webhook;
  await sql`update webhooks set name = ${name}, url = ${url}, is_local = ${isLocal}, events = ${events}::text[],
      newsletter_ids = ${newsletterIds}::bigint[], paused_at = ${pausedAt}, paused_cause = ${pausedCause}
    where id = ${id}`.execute(db);
}

/** The secret of before signs beside the new one until then. */
export async function rotateSecret(db: Database, id: number, secret: string, oldUntil: Date): Promise<void> {
  await sql`update webhooks set old_secret = secret, old_until = ${oldUntil}, secret = ${secret} where id = ${id}`.execute(
    db,
  );
}

export async function deleteWebhook(db: Database, id: number): Promise<boolean> {
  return (await sql`delete from webhooks where id = ${id}`.execute(db)).numAffectedRows === 1n;
}

/** One that we have paused ourselves gets what has happened meanwhile when it is taken up again; one that a person has paused does not. */
const IS_TOLD = sql`(paused_at is null or paused_cause is not null)`;

/** Puts an event on its way to every webhook that asked for it, or to one, in the caller's transaction. */
export async function insertDeliveries(
  db: Database,
  { type, newsletterId, data }: WebhookEvent,
  only?: number,
): Promise<void> {
  const which =
    only === undefined
      ? sql`${IS_TOLD} and ${type} = any(events)
          and (newsletter_ids is null or ${newsletterId}::bigint = any(newsletter_ids))`
      : sql`id = ${only}`;
  await sql`
    insert into webhook_deliveries (webhook_id, event_id, type, payload, due_at)
    select id, ${`msg_${randomId()}`}, ${type},
      jsonb_build_object('type', ${type}::text, 'timestamp', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'data', ${JSON.stringify(data)}::jsonb), now()
    from webhooks where ${which}`.execute(db);
}

/** A delivery that is due, with what it takes to make it; nobody else gets it before `leaseMs` are over. */
export interface DueDelivery extends WebhookDelivery {
  url: string;
  isLocal: boolean;
  secret: string;
  oldSecret: string | null;
}

/** Of each webhook the `each` that have waited longest; of those in `except` none. */
export async function takeDue(
  db: Database,
  { webhooks, each, except }: { webhooks: number; each: number; except: number[] },
  leaseMs: number,
): Promise<DueDelivery[]> {
  const { rows } = await sql<DueDelivery>`
    with due as (
      select d.id from (
        select w.id from webhooks w where w.paused_at is null and w.id <> all(${except}::bigint[])
          and exists (select from webhook_deliveries d where d.webhook_id = w.id and d.due_at <= now())
        limit ${webhooks}
      ) w cross join lateral (
        select d.id from webhook_deliveries d where d.webhook_id = w.id and d.due_at <= now()
        order by d.due_at, d.id limit ${each} for update skip locked
      ) d
    )
    update webhook_deliveries d set due_at = now() + ${leaseMs} * interval '1 ms', attempts = attempts + 1
    from due, webhooks w where d.id = due.id and w.id = d.webhook_id
    returning d.id, d.webhook_id as "webhookId", d.event_id as "eventId", d.type, d.payload, d.made_at as "madeAt",
      d.attempts, d.due_at as "dueAt", d.delivered_at as "deliveredAt", d.status, d.problem,
      w.url, w.is_local as "isLocal", w.secret,
      case when w.old_until > now() then w.old_secret end as "oldSecret"`.execute(db);
  return rows;
}

export interface Outcome {
  status: number | null;
  problem: string | null;
  deliveredAt: Date | null;
  /** Until the next try; null: there is none. */
  againMs: number | null;
}

/** False where somebody else has it meanwhile: its lease was over, or it is to be told once more. */
export async function recordOutcome(
  db: Database,
  { id, attempts }: Pick<WebhookDelivery, 'id' | 'attempts'>,
  { status, problem, deliveredAt, againMs }: Outcome,
): Promise<boolean> {
  const { numAffectedRows } =
    await sql`update webhook_deliveries set status = ${status}, problem = ${problem}, delivered_at = ${deliveredAt},
      due_at = case when ${againMs}::float8 is null then null else now() + ${againMs}::float8 * interval '1 ms' end
    where id = ${id} and attempts = ${attempts} and due_at is not null`.execute(db);
  return numAffectedRows === 1n;
}

export async function pauseWebhook(db: Database, id: number, cause: string): Promise<void> {
  await sql`update webhooks set paused_at = now(), paused_cause = ${cause} where id = ${id} and paused_at is null`.execute(
    db,
  );
}

/** The newest first; those before an id. */
export async function listDeliveriesOf(
  db: Database,
  webhookId: number,
  { before, limit }: { before?: number | undefined; limit: number },
): Promise<WebhookDelivery[]> {
  const earlier = before === undefined ? sql`` : sql`and id < ${before}`;
  const { rows } = await sql<WebhookDelivery>`
    select ${DELIVERY} from webhook_deliveries where webhook_id = ${webhookId} ${earlier} order by id desc limit ${limit}`.execute(
    db,
  );
  return rows;
}

/** Sends it once more, under the same id. False where there is none. */
export async function replayDelivery(db: Database, webhookId: number, id: number): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update webhook_deliveries set due_at = now(), attempts = 0, delivered_at = null
    where id = ${id} and webhook_id = ${webhookId}`.execute(db);
  return numAffectedRows === 1n;
}

/** What is through is kept for a while, for the log; and what waits for a webhook that nobody takes up again, for as long. */
export async function sweepDeliveries(db: Database, days: number): Promise<void> {
  await sql`delete from webhook_deliveries where made_at < now() - ${days} * interval '1 day'
    and (due_at is null or webhook_id in (select id from webhooks where paused_at is not null))`.execute(db);
}

export async function isWanted(db: Database, type: WebhookEvent['type']): Promise<boolean> {
  const { rows } = await sql`select from webhooks where ${IS_TOLD} and ${type} = any(events) limit 1`.execute(db);
  return rows.length > 0;
}
