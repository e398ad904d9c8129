import { type Tongue } from '../lib/tongues.ts';
import { type Database, sql } from '../platform/database/index.ts';
import type { ReaderLetter } from './words/letters.ts';

// Letters to readers wait here until a mail server has taken them: they are written in the transaction of what they tell, and any
// process may send them. Their links are made when they are written out, so that no row holds one.

/** What a letter is about, as ids. */
export interface About {
  signUpId?: number;
  changeId?: number;
  subscriberId?: number;
  newsletterIds?: number[];
  /** Until when its link is good, as an ISO 8601 time. */
  until?: string;
}

export interface WaitingLetter {
  id: number;
  /** In whose name it goes out; null: the first newsletter's. */
  newsletterId: number | null;
  letter: ReaderLetter;
  address: string;
  language: Tongue;
  about: About;
  madeAt: Date;
  attempts: number;
}

const COLUMNS = sql`id, newsletter_id as "newsletterId", letter, address, language, about, made_at as "madeAt",
  attempts`;

export async function insertLetter(tx: Database, letter: Omit<WaitingLetter, 'id' | 'attempts'>): Promise<void> {
  const { newsletterId, letter: kind, address, language, about, madeAt } = letter;
  await sql`insert into letters (newsletter_id, letter, address, language, about, made_at, due_at)
    values (${newsletterId}, ${kind}, ${address}, ${language}, ${JSON.stringify(about)}::jsonb, ${madeAt}, now())`.execute(
    tx,
  );
}

/** Those that are due; nobody else gets them before `leaseMs` are over. */
export async function takeLetters(db: Database, limit: number, leaseMs: number): Promise<WaitingLetter[]> {
  const { rows } = await sql<WaitingLetter>`
    update letters set due_at = now() + ${leaseMs} * interval '1 ms', attempts = attempts + 1
    where id in (select id from letters where due_at <= now() order by due_at limit ${limit} for update skip locked)
    returning ${COLUMNS}`.execute(db);
  return rows;
}

/** It was taken, or will never be. */
export async function endLetter(db: Database, id: number): Promise<void> {
  await sql`delete from letters where id = ${id}`.execute(db);
}

export async function putOffLetter(db: Database, id: number, ms: number): Promise<void> {
  await sql`update letters set due_at = now() + ${ms} * interval '1 ms' where id = ${id}`.execute(db);
}

/** All that waits about somebody, or about one of these changes of an address. */
export async function endLettersAbout(tx: Database, subscriberId: number, changeIds: number[]): Promise<void> {
  await sql`delete from letters where (about->>'subscriberId')::bigint = ${subscriberId}
    or (about->>'changeId')::bigint = any(${changeIds}::bigint[])`.execute(tx);
}

/** All that waits for an address; its owner wants to hear no more. */
export async function endLettersTo(tx: Database, address: string): Promise<void> {
  await sql`delete from letters where lower(address) = ${address.toLowerCase()}`.execute(tx);
}
