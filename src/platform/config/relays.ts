import { DAY_MS } from '../../lib/time.ts';
import type { Relay, TlsPolicy } from './config.ts';

// SMTP_URL: one mail server or several, with spaces between, each an address whose query says how much of it we may use.

export const RELAYS_WANT =
  'smtp://user:password@host:587 or smtps://…:465, several with spaces between, each with options such as ?tls=required&connections=10&weight=2&rate=50&messages=500&daily=20000&warmup=2026-12-01:500:1.5&name=main';

const DEFAULT_CONNECTIONS = 10;
const MAX_CONNECTIONS = 1_000;
const DEFAULT_PER_CONNECTION = 500;
const MAX_COUNT = 1_000_000_000;
const DEFAULT_GROWTH = 1.5;
const TLS_POLICIES: TlsPolicy[] = ['opportunistic', 'required', 'none'];
const OPTIONS = new Set(['tls', 'connections', 'weight', 'rate', 'messages', 'daily', 'warmup', 'name']);
const NAME = /^[A-Za-z0-9._:-]{1,60}$/;

/** Undefined where any of them cannot be read, or two have the same name. */
export function parseRelays(text: string): Relay[] | undefined {
  const relays = text.split(/\s+/).map(parseRelay);
  const known = relays.filter((relay) => relay !== undefined);
  if (known.length < relays.length) return undefined;
  const names = new Set(known.map(({ name }) => name));
  return names.size === known.length ? known : undefined;
}

/** How many messages a relay may be given on a day; Infinity: as many as there are. */
export function quotaOn({ perDay, warmUp }: Pick<Relay, 'perDay' | 'warmUp'>, day: Date): number {
  const most = perDay ?? Number.POSITIVE_INFINITY;
  if (warmUp === undefined) return most;
  const days = Math.floor((day.getTime() - warmUp.from.getTime()) / DAY_MS);
  // Before its first day it may as well stand by with the first day's number.
  return Math.min(most, MAX_COUNT, Math.floor(warmUp.first * warmUp.growth ** Math.max(0, days)));
}

export function hidePassword(text: string): string {
  return text.replace(/(:\/\/[^:/@\s]*):[^@\s]*@/g, '$1:***@');
}

function parseRelay(text: string): Relay | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^smtps?:$/.test(url.protocol) || url.hostname === '') return undefined;
  const implicit = url.protocol === 'smtps:';
  const query = url.searchParams;
  const options = {
    tls: implicit ? ('implicit' as const) : parseTls(query.get('tls') ?? 'opportunistic'),
    connections: number(query.get('connections'), DEFAULT_CONNECTIONS, [1, MAX_CONNECTIONS]),
    weight: number(query.get('weight'), 1, [0, 1_000]),
    perConnection: number(query.get('messages'), DEFAULT_PER_CONNECTION, [1, MAX_COUNT]),
  };
  const limits = {
    perSecond: optional(query.get('rate'), parseRate),
    perDay: optional(query.get('daily'), (value) => number(value, undefined, [1, MAX_COUNT])),
    warmUp: optional(query.get('warmup'), parseWarmUp),
  };
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port || (implicit ? 465 : 587));
  const name = query.get('name') ?? `${host}:${port}`;
  const isKnown = [...query.keys()].every((key) => OPTIONS.has(key));
  if (!isKnown || !NAME.test(name) || !isComplete(options) || Object.values(limits).includes(null)) return undefined;
  const given = limits as { [Key in keyof typeof limits]: Exclude<(typeof limits)[Key], null> };
  return { name, host, port, user: decoded(url.username), password: decoded(url.password), ...options, ...given };
}

type Complete<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

function isComplete<T extends object>(options: T): options is T & Complete<T> {
  return !Object.values(options).includes(undefined);
}

/** Undefined where it is not given, null where it cannot be read. */
function optional<T>(text: string | null, parse: (text: string) => T | undefined): T | undefined | null {
  return text === null ? undefined : (parse(text) ?? null);
}

function parseTls(text: string): TlsPolicy | undefined {
  return TLS_POLICIES.find((known) => known === text);
}

/** `50` a second, or `30/min`, `500/h`: messages a second. */
export function parseRate(text: string): number | undefined {
  const [, count = '', unit = 's'] = /^(\d+(?:\.\d+)?)(?:\/(s|min|h))?$/.exec(text) ?? [];
  const perSecond = Number(count) / { s: 1, min: 60, h: 3_600 }[unit as 's' | 'min' | 'h'];
  return perSecond > 0 && perSecond <= 100_000 ? perSecond : undefined;
}

/** `2026-12-01:500` or `2026-12-01:500:1.5`: the first day, its messages, and by how much each day has more. */
function parseWarmUp(text: string): Relay['warmUp'] {
  const [, day = '', first = '', growth] = /^(\d{4}-\d\d-\d\d):(\d{1,9})(?::(\d+(?:\.\d+)?))?$/.exec(text) ?? [];
  const from = new Date(`${day}T00:00:00Z`);
  const factor = Number(growth ?? DEFAULT_GROWTH);
  if (Number.isNaN(from.getTime()) || Number(first) < 1 || factor < 1 || factor > 10) return undefined;
  return { from, first: Number(first), growth: factor };
}

function number(text: string | null, usual: number | undefined, [least, most]: [number, number]): number | undefined {
  if (text === null) return usual;
  const value = Number(text);
  return /^\d+$/.test(text) && value >= least && value <= most ? value : undefined;
}

/** Percent escapes undone; a password with a bare % is taken as it stands. */
function decoded(text: string): string | undefined {
  if (text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
