import { HOUR_MS } from '../lib/time.ts';
import { type Database, sql } from '../platform/database/index.ts';
import { raiseEditionAlert } from '../letters/index.ts';
import { holdEdition } from './alerts.ts';
import { hold } from './pacing/store.ts';

// Domains that refuse us (5.7.x) rather than our readers. One such answer says little; past a share and a number, going on
// would make it worse: the domain is left alone, and where several do it, the whole edition waits for an editor.

const MIN_COUNT = 20;
const MIN_SHARE = 0.02;
const SEVERAL_DOMAINS = 3;
const HOLD_MS = 4 * HOUR_MS;
const LOOK_MS = 1_000;

interface Blocked {
  domain: string;
  blocked: number;
  tried: number;
  reply: string;
}

/** A watch over all editions of a process, that looks at most once a second. */
export function watchBlocks(db: Database): (editionId: number, domains: string[]) => Promise<void> {
  const asked = new Map<number, Set<string>>();
  return async (editionId, domains) => {
    const known = asked.get(editionId);
    if (known !== undefined) {
      for (const domain of domains) known.add(domain);
      return;
    }
    const mine = new Set(domains);
    asked.set(editionId, mine);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const began = performance.now();
    const looked = [...mine];
    mine.clear();
    await holdBlocked(db, editionId, looked);
    // Counting a long ledger is work: it gets a tenth of the time.
    await new Promise((resolve) => setTimeout(resolve, 9 * (performance.now() - began)));
    asked.delete(editionId);
    if (mine.size > 0) await holdBlocked(db, editionId, [...mine]);
  };
}

/** Holds those of the domains that refuse us too often, and the edition where it is several. */
export async function holdBlocked(db: Database, editionId: number, domains: string[]): Promise<void> {
  for (const { domain, blocked, tried, reply } of await countBlocked(db, editionId, domains)) {
    if (blocked < MIN_COUNT || blocked < MIN_SHARE * tried) continue;
    await db.transaction().execute(async (tx) => {
      const isNews = await hold(tx, `domain:${domain}`, { forMs: HOLD_MS, cause: 'policy', reason: reply });
      if (isNews) await raiseEditionAlert(tx, editionId, 'domain-held', { domain, blocked, tried, reply });
    });
  }
  const held = await heldDomains(db, editionId);
  if (held.length >= SEVERAL_DOMAINS) await holdEdition(db, editionId, 'edition-held', { domains: held.join(', ') });
}

async function countBlocked(db: Database, editionId: number, domains: string[]): Promise<Blocked[]> {
  const { rows } = await sql<Blocked>`
    select split_part(address, '@', -1) as domain, count(*) filter (where cause = 'policy')::int as blocked,
      count(*)::int as tried, coalesce(min(reason) filter (where cause = 'policy'), '') as reply
    from deliveries where edition_id = ${editionId} and split_part(address, '@', -1) = any(${domains}::text[])
      and (cause = 'policy' or state in ('accepted', 'refused'))
    group by 1`.execute(db);
  return rows;
}

/** Since the send began, or was carried on by somebody who knew. */
async function heldDomains(db: Database, editionId: number): Promise<string[]> {
  const { rows } = await sql<{ domain: string }>`
    select distinct a.detail->>'domain' as domain from alerts a join editions e on e.id = a.edition_id
    where a.edition_id = ${editionId} and a.kind = 'domain-held'
      and a.raised_at > coalesce(e.retried_at, '-infinity') order by 1`.execute(db);
  return rows.map(({ domain }) => domain);
}
