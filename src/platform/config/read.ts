import { isIP } from 'node:net';
import path from 'node:path';
import { parseAddress } from '../../lib/addresses.ts';
import type { SigningKey, SigningKeys } from '../../lib/tokens.ts';
import { RoundupError } from '../errors.ts';
import type { LogLevel } from '../log.ts';
import type { Config } from './config.ts';
import { INCOMING_WANTS, parseIncoming } from './incoming.ts';
import { RELAYS_WANT, hidePassword, parseRelays } from './relays.ts';

// Reads the environment once. Every variable that is wrong is reported, all at once, by name, with what it holds (secrets
// hidden) and what is wanted.

export type Environment = Record<string, string | undefined>;

type Problem = { variable: string; holds: string; wants: string };

const DEFAULT_PORT = 8080;
const MAX_RETURN_PATH_LOCAL = 20;
/** The least, the most, and what it is where nothing is set. */
const LEASE: [number, number, number] = [2, 600, 30];
const RETENTION: [number, number, number] = [7, 36_500, 400];
const MIN_SECRET_CHARACTERS = 32;
const REQUEST_LIMIT = { count: 1_200, perMs: 60_000 };
const LOG_LEVELS: LogLevel[] = ['silent', 'error', 'warn', 'info', 'debug'];

/** `makeKeys` gives the installation's own keys where SECRETS is not set. Throws `config-invalid` with all problems. */
export function readConfig(env: Environment, cwd: string, makeKeys: (dataDir: string) => SigningKeys): Config {
  const reader = new Reader(env);
  const production = env.NODE_ENV === 'production';
  const port = reader.port('PORT', DEFAULT_PORT);
  const dataDir = path.resolve(cwd, reader.text('DATA_DIR') ?? 'data');
  const baseUrl = reader.url('BASE_URL', ['http:', 'https:'], 'the address at which readers reach this server');
  const secrets = reader.read('SECRETS', parseSecrets, SECRETS_WANTS, hideAll);
  const relays = reader.read('SMTP_URL', parseRelays, RELAYS_WANT, hidePassword);
  if (production && baseUrl?.startsWith('http:') === true)
    reader.problem('BASE_URL', baseUrl, 'an https address: one-click unsubscribing (RFC 8058) needs it');
  if (production) requireForProduction(reader, { BASE_URL: baseUrl, SECRETS: secrets, SMTP_URL: relays });
  const config = {
    ...readLimits(reader),
    production,
    baseUrl: (baseUrl ?? `http://localhost:${port}`).replace(/\/+$/, ''),
    host: reader.text('HOST') ?? (production ? '0.0.0.0' : '127.0.0.1'),
    port,
    ...readDesk(reader, port),
    trustProxy:
      reader.read('TRUST_PROXY', parseTrustProxy, 'how many proxies are in front, such as 1, or their addresses') ??
      false,
    requestLimit:
      reader.read('REQUEST_LIMIT', parseRequestLimit, 'requests and a time, such as 600/min or 20/s') ?? REQUEST_LIMIT,
    oidc: readOidc(reader),
    databaseUrl: reader.url(
      'DATABASE_URL',
      ['postgres:', 'postgresql:'],
      'postgres://user:password@host:5432/database',
    ),
    redisUrl: reader.url('REDIS_URL', ['redis:', 'rediss:'], 'redis://host:6379'),
    relays: relays ?? [],
    ...readIncoming(reader),
    dnsServers: reader.read('DNS_SERVERS', parseServers, 'addresses of DNS servers, with commas between') ?? [],
    dataDir,
    logLevel:
      reader.read('LOG_LEVEL', (text) => LOG_LEVELS.find((level) => level === text), LOG_LEVELS.join(', ')) ?? 'info',
    logJson: production,
  };
  reader.throwProblems();
  return { ...config, keys: secrets ?? makeKeys(dataDir) };
}

/** Addresses, each with a port where it is not 53: 192.0.2.1, 127.0.0.1:5353, [2001:db8::1]:53. */
function parseServers(text: string): string[] | undefined {
  const servers = text.split(/[\s,]+/).filter((server) => server !== '');
  const bare = servers.map(
    (server) =>
      /^\[(.+)\](?::\d{1,5})?$/.exec(server)?.[1] ?? (isIP(server) ? server : server.replace(/:\d{1,5}$/, '')),
  );
  return bare.every((address) => isIP(address) > 0) ? servers : undefined;
}

/** An address that nobody reads mail of is none to offer. */
function readIncoming(reader: Reader): Pick<Config, 'returnPath' | 'unsubscribeAddress' | 'incoming'> {
  const returnPath = reader.read(
    'RETURN_PATH',
    parseReturnPath,
    'a mail address such as bounces@news.example.org, with at most 20 characters before the @',
  );
  const address = 'a mail address such as leave@news.example.org';
  const unsubscribeAddress = reader.read('UNSUBSCRIBE_ADDRESS', parseReturnPath, address);
  const incoming = reader.read('INCOMING', parseIncoming, INCOMING_WANTS, hidePassword);
  if (unsubscribeAddress !== undefined && !reader.has('INCOMING'))
    reader.missing(
      'INCOMING',
      `${INCOMING_WANTS} (UNSUBSCRIBE_ADDRESS is offered to readers, and its mail must come in)`,
    );
  if (incoming !== undefined && returnPath === undefined && unsubscribeAddress === undefined)
    reader.missing('UNSUBSCRIBE_ADDRESS', `${address}, or RETURN_PATH (INCOMING takes the mail of these)`);
  return { returnPath, unsubscribeAddress, incoming: incoming ?? { listen: [], mailboxes: [] } };
}

function readLimits(reader: Reader): Pick<Config, 'leaseSeconds' | 'retentionDays'> {
  const whole = (variable: string, unit: string, [least, most, usual]: [number, number, number]) =>
    reader.read(variable, wholeFrom(least, most), `whole ${unit} from ${least} to ${most}`) ?? usual;
  return {
    leaseSeconds: whole('LEASE_SECONDS', 'seconds', LEASE),
    retentionDays: whole('LEDGER_RETENTION_DAYS', 'days', RETENTION),
  };
}

const LOOPBACK = /^(127\.|::1$|localhost$)/;

/** On this machine only, where nothing else is set; where it is open to others, they need its address. */
function readDesk(reader: Reader, port: number): Pick<Config, 'deskHost' | 'deskPort' | 'deskUrl'> {
  const deskHost = reader.text('DESK_HOST') ?? '127.0.0.1';
  const deskPort = reader.port('DESK_PORT', port === 0 ? 0 : Math.min(port + 1, 65_535));
  const deskUrl = reader.url('DESK_URL', ['http:', 'https:'], 'the address at which editors reach the desk');
  if (!LOOPBACK.test(deskHost) && !reader.has('DESK_URL'))
    reader.missing('DESK_URL', 'the address at which editors reach the desk (DESK_HOST opens it beyond this machine)');
  return { deskHost, deskPort, deskUrl: (deskUrl ?? `http://localhost:${deskPort}`).replace(/\/+$/, '') };
}

/** All of it, or none. */
function readOidc(reader: Reader): Config['oidc'] {
  const issuer = reader.url('OIDC_ISSUER', ['https:', 'http:'], 'the address of an OpenID provider');
  const clientId = reader.text('OIDC_CLIENT_ID');
  const clientSecret = reader.text('OIDC_CLIENT_SECRET');
  const name = reader.text('OIDC_NAME') ?? (issuer === undefined ? '' : new URL(issuer).hostname);
  if (issuer !== undefined && clientId !== undefined && clientSecret !== undefined)
    return { issuer, clientId, clientSecret, name };
  const wants: [string, string, string | undefined][] = [
    ['OIDC_ISSUER', 'the address of an OpenID provider', issuer],
    ['OIDC_CLIENT_ID', 'what the provider calls this installation', clientId],
    ['OIDC_CLIENT_SECRET', 'what it has been given for it', clientSecret],
  ];
  if (wants.every(([, , value]) => value === undefined)) return undefined;
  for (const [variable, what, value] of wants)
    if (value === undefined && !reader.has(variable)) reader.missing(variable, `${what} (the others of OIDC_ are set)`);
  return undefined;
}

function parseRequestLimit(text: string): Config['requestLimit'] | undefined {
  const [, count, unit] = /^(\d{1,7})\/(s|min|h)$/.exec(text) ?? [];
  const perMs = { s: 1_000, min: 60_000, h: 3_600_000 }[unit ?? ''];
  return perMs === undefined || Number(count) === 0 ? undefined : { count: Number(count), perMs };
}

const SECRETS_WANTS = `id:secret pairs with commas between, the current one first, each secret ${MIN_SECRET_CHARACTERS} characters or more`;

function requireForProduction(reader: Reader, values: Record<string, unknown>): void {
  const wants: Record<string, string> = {
    BASE_URL: 'the https address at which readers reach this server (NODE_ENV is production)',
    SECRETS: `${SECRETS_WANTS} (NODE_ENV is production)`,
    SMTP_URL: `${RELAYS_WANT} (NODE_ENV is production)`,
  };
  for (const [variable, value] of Object.entries(values)) {
    if (value === undefined && !reader.has(variable)) reader.missing(variable, wants[variable] ?? '');
  }
}

class Reader {
  readonly #env: Environment;
  readonly #problems: Problem[] = [];

  constructor(env: Environment) {
    this.#env = env;
  }

  has(variable: string): boolean {
    return this.text(variable) !== undefined;
  }

  text(variable: string): string | undefined {
    const value = this.#env[variable]?.trim();
    return value === '' ? undefined : value;
  }

  read<T>(variable: string, parse: (text: string) => T | undefined, wants: string, hide = asIs): T | undefined {
    const text = this.text(variable);
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value === undefined) this.#problems.push({ variable, holds: `holds "${hide(text)}"`, wants });
    return value;
  }

  port(variable: string, fallback: number): number {
    return this.read(variable, parsePort, 'a port number from 0 to 65535') ?? fallback;
  }

  url(variable: string, protocols: string[], wants: string): string | undefined {
    const parse = (text: string) => {
      const url = URL.canParse(text) ? new URL(text) : undefined;
      return url !== undefined && protocols.includes(url.protocol) && url.host !== '' ? text : undefined;
    };
    const schemes = protocols.map((protocol) => `${protocol}//`).join(' or ');
    return this.read(variable, parse, `${wants}, beginning with ${schemes}`, hidePassword);
  }

  problem(variable: string, holds: string, wants: string): void {
    this.#problems.push({ variable, holds: `holds "${holds}"`, wants });
  }

  missing(variable: string, wants: string): void {
    this.#problems.push({ variable, holds: 'is not set', wants });
  }

  throwProblems(): void {
    if (this.#problems.length === 0) return;
    const lines = this.#problems.map(({ variable, holds, wants }) => `  ${variable} ${holds}; wanted: ${wants}`);
    throw new RoundupError(
      'config-invalid',
      `The configuration has ${lines.length === 1 ? 'a problem' : `${lines.length} problems`}:\n${lines.join('\n')}`,
      {
        hint: 'Set these in the environment or in the file .env, then start again.',
      },
    );
  }
}

function parsePort(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) < 65_536 ? Number(text) : undefined;
}

function parseSecrets(text: string): SigningKeys | undefined {
  const keys: SigningKey[] = [];
  for (const pair of text.split(',')) {
    const [, id, secret] = /^\s*([a-z0-9]{1,8}):(\S+)\s*$/.exec(pair) ?? [];
    if (id === undefined || secret === undefined || secret.length < MIN_SECRET_CHARACTERS) return undefined;
    if (keys.some((key) => key.id === id)) return undefined;
    keys.push({ id, secret: Buffer.from(secret) });
  }
  const [current, ...retired] = keys;
  return current === undefined ? undefined : { current, retired };
}

/** To believe every proxy would be to believe whatever a client writes. */
function parseTrustProxy(text: string): false | number | string[] | undefined {
  if (text === 'false') return false;
  if (/^\d{1,2}$/.test(text)) return Number(text);
  const addresses = text.split(',').map((part) => part.trim());
  return addresses.every((address) => /^[0-9a-fA-F.:/]+$/.test(address)) ? addresses : undefined;
}

/** What is added to it for each mail must fit in a local part of 64 characters (RFC 5321 4.5.3.1.1). */
function parseReturnPath(text: string): string | undefined {
  const address = parseAddress(text);
  return address !== undefined && address.lastIndexOf('@') <= MAX_RETURN_PATH_LOCAL ? address : undefined;
}

function wholeFrom(least: number, most: number): (text: string) => number | undefined {
  return (text) => {
    const number = Number(text);
    return Number.isInteger(number) && number >= least && number <= most ? number : undefined;
  };
}

function asIs(text: string): string {
  return text;
}

function hideAll(text: string): string {
  return `${text.length} characters, hidden`;
}
