import { type Database, sql } from '../platform/database/index.ts';
import { originNow } from './origin.ts';

export interface Act {
  /** Who: a name, or the part of the program that acted by itself. */
  actor: string;
  /** What, as noun and verb: "edition approved". */
  act: string;
  /** On what: "edition 12". */
  subject: string;
  detail?: Record<string, unknown>;
}

const MAX_AGENT_LENGTH = 200;

/** Writes an act down, in the transaction in which it is done, with where it came from. */
export async function recordAct(db: Database, { actor, act, subject, detail = {} }: Act): Promise<void> {
  const { accountId = null, via = '', address = '', agent = '' } = originNow() ?? {};
  await sql`insert into audit_log (actor, act, subject, detail, account_id, via, address, agent)
    values (${actor}, ${act}, ${subject}, ${JSON.stringify(detail)}::jsonb, ${accountId}, ${via}, ${address},
      ${agent.slice(0, MAX_AGENT_LENGTH)})`.execute(db);
}

export interface AuditEntry {
  id: number;
  at: Date;
  actor: string;
  accountId: number | null;
  act: string;
  subject: string;
  via: string;
  address: string;
  agent: string;
  detail: Record<string, unknown>;
}

export interface AuditQuery {
  /** Entries before this id: the newest come first. */
  before?: number | undefined;
  actor?: string | undefined;
  /** How it begins: "edition", or "edition approved". */
  act?: string | undefined;
  subject?: string | undefined;
  accountId?: number | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
  limit: number;
}

export async function listActs(db: Database, query: AuditQuery): Promise<AuditEntry[]> {
  const { before, actor, act, subject, accountId, since, until, limit } = query;
  const conditions = [
    before === undefined ? undefined : sql`id < ${before}`,
    actor === undefined ? undefined : sql`actor = ${actor}`,
    act === undefined ? undefined : sql`act like ${`${act.replace(/[\\%_]/g, '\\$&')}%`}`,
    subject === undefined ? undefined : sql`subject = ${subject}`,
    accountId === undefined ? undefined : sql`account_id = ${accountId}`,
    since === undefined ? undefined : sql`at >= ${since}`,
    until === undefined ? undefined : sql`at < ${until}`,
  ].filter((condition) => condition !== undefined);
  const where = conditions.length === 0 ? sql`` : sql`where ${sql.join(conditions, sql` and `)}`;
  const { rows } = await sql<AuditEntry>`
    select id, at, actor, account_id as "accountId", act, subject, via, address, agent, detail from audit_log
    ${where} order by id desc limit ${limit}`.execute(db);
  return rows;
}
