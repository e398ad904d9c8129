import type { SigningKeys } from '../../lib/tokens.ts';
import type { LogLevel } from '../log.ts';

export type TlsPolicy = 'opportunistic' | 'required' | 'implicit' | 'none';

/** A mail server that takes our mail. */
export interface Relay {
  host: string;
  port: number;
  tls: TlsPolicy;
  user: string | undefined;
  password: string | undefined;
  /** Connections of one process. */
  connections: number;
}

export interface Config {
  production: boolean;
  /** Where readers reach us, without a trailing slash; every link in mail begins with it. */
  baseUrl: string;
  host: string;
  port: number;
  /** The desk's own port; it listens on loopback only. */
  deskPort: number;
  /** How many proxies in front of us to believe, or their addresses. */
  trustProxy: boolean | number | string[];
  /** Undefined: the embedded PostgreSQL. */
  databaseUrl: string | undefined;
  /** Undefined: the queue lives in PostgreSQL. */
  redisUrl: string | undefined;
  /** Undefined: the local inbox. */
  relay: Relay | undefined;
  /** Where bounces go (VERP); undefined: the newsletter's sender. */
  returnPath: string | undefined;
  keys: SigningKeys;
  dataDir: string;
  /** How long a worker may be silent before what it holds is given to others. */
  leaseSeconds: number;
  logLevel: LogLevel;
  logJson: boolean;
}
