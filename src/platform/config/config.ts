import type { SigningKeys } from '../../lib/tokens.ts';
import type { LogLevel } from '../log.ts';
import type { Incoming } from './incoming.ts';

export type TlsPolicy = 'opportunistic' | 'required' | 'implicit' | 'none';

/** A mail server that takes our mail, and what of it we may use; every limit holds over all workers together. */
export interface Relay {
  /** What the books and the operator call it. */
  name: string;
  host: string;
  port: number;
  tls: TlsPolicy;
  user: string | undefined;
  password: string | undefined;
  connections: number;
  /** Its share of the mail beside other relays; 0: only while all others are away. */
  weight: number;
  /** Messages a second; undefined: as fast as it takes them. */
  perSecond: number | undefined;
  /** Messages until a connection is replaced. */
  perConnection: number;
  /** Messages a day (UTC). */
  perDay: number | undefined;
  /** Fewer messages on the first days: `first` on the day `from`, each day `growth` times as many, up to `perDay`. */
  warmUp: { from: Date; first: number; growth: number } | undefined;
}

export interface Config {
  production: boolean;
  /** Where readers reach us, without a trailing slash; every link in mail begins with it. */
  baseUrl: string;
  host: string;
  port: number;
  /** Where the desk and the API listen; on loopback, where nothing else is set. */
  deskHost: string;
  deskPort: number;
  /** Where editors reach the desk, without a trailing slash; for links in letters to them. */
  deskUrl: string;
  /** What one account, token or address may ask of the desk and the API. */
  requestLimit: { count: number; perMs: number };
  /** A provider that editors may sign in by. */
  oidc: { issuer: string; clientId: string; clientSecret: string; name: string } | undefined;
  /** How many proxies in front of us to believe, or their addresses. */
  trustProxy: false | number | string[];
  /** Undefined: the embedded PostgreSQL. */
  databaseUrl: string | undefined;
  /** Undefined: the queue lives in PostgreSQL. */
  redisUrl: string | undefined;
  /** None: the local inbox. */
  relays: Relay[];
  /** Where bounces go (VERP); undefined: the newsletter's sender. */
  returnPath: string | undefined;
  /** Where mail is a wish to leave; set only where mail comes in. */
  unsubscribeAddress: string | undefined;
  /** Where mail that comes back is taken, or fetched. */
  incoming: Incoming;
  /** Who is asked for what the DNS says of senders; none: the machine's own. */
  dnsServers: string[];
  keys: SigningKeys;
  dataDir: string;
  /** How long a worker may be silent before what it holds is given to others. */
  leaseSeconds: number;
  /** How long the ledger keeps one row a recipient after an edition's end; its sums stay. */
  retentionDays: number;
  logLevel: LogLevel;
  logJson: boolean;
}
