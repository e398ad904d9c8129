import { DAY_MS, MINUTE_MS } from '../lib/time.ts';
import { type Database, sql } from '../platform/database/index.ts';

/** Whose key it is, and the key. */
export interface IdempotencyName {
  owner: string;
  key: string;
}

export type Begun =
  | { outcome: 'begun' }
  /** The key came before with another request. */
  | { outcome: 'other' }
  | { outcome: 'under way' }
  | { outcome: 'done'; status: number; answer: string };

/** A process that died over a request leaves it open; when nobody has touched it for so long it may be tried anew. */
export const IDEMPOTENCY_STALE_MS = 2 * MINUTE_MS;
const KEPT_MS = DAY_MS;

/** One of two callers begins; the other one is told so. Keys are forgotten after a day. */
export async function beginIdempotent(
  db: Database,
  { owner, key }: IdempotencyName,
  fingerprint: string,
  now: Date,
): Promise<Begun> {
  const { numAffectedRows } = await sql`
    insert into idempotency_keys as k (owner, key, fingerprint, made_at) values (${owner}, ${key}, ${fingerprint}, ${now})
    on conflict (owner, key) do update set made_at = ${now}, fingerprint = ${fingerprint}, status = null, answer = null
      where k.made_at < ${new Date(now.getTime() - KEPT_MS)}
        or (k.status is null and k.fingerprint = ${fingerprint}
          and k.made_at < ${new Date(now.getTime() - IDEMPOTENCY_STALE_MS)})`.execute(db);
  if (numAffectedRows === 1n) return { outcome: 'begun' };
  const { rows } = await sql<{ fingerprint: string; status: number | null; answer: string | null }>`
    select fingerprint, status, answer from idempotency_keys where owner = ${owner} and key = ${key}`.execute(db);
  const [row] = rows;
  if (row !== undefined && row.fingerprint !== fingerprint) return { outcome: 'other' };
  if (row === undefined || row.status === null || row.answer === null) return { outcome: 'under way' };
  return { outcome: 'done', status: row.status, answer: row.answer };
}

/** It is still being worked on. */
export async function touchIdempotent(db: Database, { owner, key }: IdempotencyName, now: Date): Promise<void> {
  await sql`update idempotency_keys set made_at = ${now}
    where owner = ${owner} and key = ${key} and status is null`.execute(db);
}

export async function sweepIdempotent(db: Database, now: Date): Promise<void> {
  await sql`delete from idempotency_keys where made_at < ${new Date(now.getTime() - KEPT_MS)}`.execute(db);
}

export async function finishIdempotent(
  db: Database,
  { owner, key }: IdempotencyName,
  status: number,
  answer: string,
): Promise<void> {
  await sql`update idempotency_keys set status = ${status}, answer = ${answer}
    where owner = ${owner} and key = ${key}`.execute(db);
}

export async function dropIdempotent(db: Database, { owner, key }: IdempotencyName): Promise<void> {
  await sql`delete from idempotency_keys where owner = ${owner} and key = ${key}`.execute(db);
}
