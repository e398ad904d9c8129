import type { SigningKeys } from '../lib/tokens.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import type { Log } from '../platform/log.ts';
import type { NudgeQueue } from '../platform/queue/index.ts';
import type { RelayPool } from '../platform/smtp/index.ts';

/** What the newsroom's acts work with. Each takes the parts that it needs. */
export interface Newsroom {
  db: Database;
  clock: Clock;
  log: Log;
  keys: SigningKeys;
  baseUrl: string;
  /** Where mail is a wish to leave; undefined: by mail nobody can. */
  unsubscribeAddress: string | undefined;
  /** Where editors reach the desk. */
  deskUrl: string;
  /** How long the ledger keeps its rows. */
  retentionDays: number;
  /** Where letters and test sends go out. */
  relay: RelayPool;
  /** Where batches of an edition are announced to the workers. */
  dispatchQueue: NudgeQueue;
  /** Where looks at the web are asked for. */
  collectQueue: NudgeQueue;
}
