import { Resolver } from 'node:dns/promises';
import type { ListedDkimKey } from '../dispatch/index.ts';
import type { Relay } from '../platform/config/index.ts';

// What the DNS says of a sender's domain, looked up now, and what it should say: who may send for it (SPF, RFC 7208), the keys that mail is
// signed with (DKIM, RFC 6376), what becomes of mail that is neither (DMARC, RFC 7489), and whether answers arrive (MX, RFC 5321 5.1).

export interface DnsRecord {
  kind: 'SPF' | 'DKIM' | 'DMARC' | 'MX';
  /** Where it stands. */
  name: string;
  type: 'TXT' | 'MX';
  /** What it should say, where that can be known from here. */
  wanted: string;
  /** What it says. */
  found: string[];
  state: 'right' | 'missing' | 'wrong' | 'no answer';
  sentence: string;
}

const TIMEOUT_MS = 4_000;
/** RFC 1035 3.3.14: a TXT record is made of strings of at most so many characters. */
const MAX_STRING = 255;

/** By the servers of this machine, or by these. */
export function openResolver(servers: string[]): Resolver {
  const resolver = new Resolver({ timeout: TIMEOUT_MS / 2, tries: 2 });
  if (servers.length > 0) resolver.setServers(servers);
  return resolver;
}

/** Everything that the DNS should say of a domain that mail is sent from. */
export async function senderRecords(
  resolver: Resolver,
  domain: string,
  { keys, relays }: { keys: ListedDkimKey[]; relays: Pick<Relay, 'host'>[] },
): Promise<DnsRecord[]> {
  const own = keys.filter((key) => key.domain === domain && key.retiredAt === null);
  return Promise.all([
    spfOf(resolver, domain, relays),
    ...own.map((key) => dkimOf(resolver, key)),
    dmarcOf(resolver, domain),
    mxOf(resolver, domain),
  ]);
}

/** Whether a key's record is there, and is the key's. */
export async function dkimOf(resolver: Resolver, key: ListedDkimKey): Promise<DnsRecord> {
  const name = dkimName(key);
  const base = { kind: 'DKIM', name, type: 'TXT', wanted: key.record } as const;
  const found = await txt(resolver, name);
  if (found === undefined) return noAnswer(base);
  if (found.some((record) => publicPart(record) === publicPart(key.record)))
    return { ...base, found, state: 'right', sentence: 'The key is there.' };
  return found.length === 0
    ? { ...base, found, state: 'missing', sentence: 'The key’s record is not there yet.' }
    : { ...base, found, state: 'wrong', sentence: 'The record holds another key.' };
}

export function dkimName({ selector, domain }: Pick<ListedDkimKey, 'selector' | 'domain'>): string {
  return `${selector}._domainkey.${domain}`;
}

/** As a zone file has it: in strings of 255 characters at most. */
export function zoneText(value: string): string {
  return (value.match(new RegExp(`.{1,${MAX_STRING}}`, 'g')) ?? []).map((part) => `"${part}"`).join(' ');
}

async function spfOf(resolver: Resolver, domain: string, relays: Pick<Relay, 'host'>[]): Promise<DnsRecord> {
  const hosts = [...new Set(relays.map(({ host }) => host))];
  const wanted = `v=spf1 ${[...hosts.map(mechanismOf), 'mx'].join(' ')} ~all`;
  const base = { kind: 'SPF', name: domain, type: 'TXT', wanted } as const;
  const all = await txt(resolver, domain);
  if (all === undefined) return noAnswer(base);
  const found = all.filter((record) => /^v=spf1(\s|$)/i.test(record));
  if (found.length === 0) return { ...base, found, state: 'missing', sentence: 'Nothing says who may send for it.' };
  // RFC 7208 4.5: more than one is an error for whoever asks.
  if (found.length > 1)
    return { ...base, found, state: 'wrong', sentence: 'There are two; mail servers then heed neither.' };
  const mechanisms = (found[0] ?? '').toLowerCase().split(/\s+/);
  if (mechanisms.includes('all') || mechanisms.includes('+all'))
    return { ...base, found, state: 'wrong', sentence: 'It lets everybody send for it: end it with ~all or -all.' };
  return {
    ...base,
    found,
    state: 'right',
    sentence: 'It is there. That it names your mail server, only you can tell.',
  };
}

function mechanismOf(host: string): string {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) return `ip4:${host}`;
  return host.includes(':') ? `ip6:${host}` : `a:${host}`;
}

async function dmarcOf(resolver: Resolver, domain: string): Promise<DnsRecord> {
  const name = `_dmarc.${domain}`;
  const base = {
    kind: 'DMARC',
    name,
    type: 'TXT',
    wanted: `v=DMARC1; p=none; rua=mailto:postmaster@${domain}`,
  } as const;
  const all = await txt(resolver, name);
  if (all === undefined) return noAnswer(base);
  const found = all.filter((record) => /^v=DMARC1\s*(;|$)/.test(record));
  if (found.length === 0)
    return { ...base, found, state: 'missing', sentence: 'Large mailbox providers refuse or hide mail without it.' };
  if (found.length > 1)
    return { ...base, found, state: 'wrong', sentence: 'There are two; mail servers then heed neither.' };
  return /;\s*p\s*=\s*(none|quarantine|reject)\b/i.test(found[0] ?? '')
    ? { ...base, found, state: 'right', sentence: 'It is there.' }
    : { ...base, found, state: 'wrong', sentence: 'It does not say what to do (p=none, quarantine or reject).' };
}

async function mxOf(resolver: Resolver, domain: string): Promise<DnsRecord> {
  const base = { kind: 'MX', name: domain, type: 'MX', wanted: `10 mail.${domain}.` } as const;
  const records = await answer(() => resolver.resolveMx(domain));
  if (records === undefined) return noAnswer(base);
  const found = records.map(({ priority, exchange }) => `${priority} ${exchange}`);
  return found.length > 0
    ? { ...base, found, state: 'right', sentence: 'Answers to the sender arrive somewhere.' }
    : {
        ...base,
        found,
        state: 'missing',
        sentence: 'Answers to the sender arrive nowhere, and some servers refuse its mail.',
      };
}

function noAnswer<T extends object>(base: T) {
  const state = 'no answer' as const;
  return { ...base, found: [] as string[], state, sentence: 'The DNS does not answer from here.' };
}

async function txt(resolver: Resolver, name: string): Promise<string[] | undefined> {
  return (await answer(() => resolver.resolveTxt(name)))?.map((strings) => strings.join(''));
}

/** None is an answer, too; undefined where there was none. */
async function answer<T>(look: () => Promise<T[]>): Promise<T[] | undefined> {
  const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), TIMEOUT_MS).unref());
  const asked = look().catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENODATA' || error.code === 'ENOTFOUND' ? [] : undefined,
  );
  return Promise.race([asked, late]);
}

function publicPart(record: string): string | undefined {
  return /\bp=([A-Za-z0-9+/= ]+)/.exec(record)?.[1]?.replace(/\s+/g, '');
}
