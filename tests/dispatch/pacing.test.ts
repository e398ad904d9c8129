import { untoldAlerts } from '../../src/letters/index.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { knownPaces, lift, newDkimKey, saveDomainLimit, unpark, useDkimKey } from '../../src/dispatch/index.ts';
import { resumeEdition, tick } from '../../src/newsroom/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { type Send, openBeside, openSend } from '../support/send.ts';
import { type SmtpSink, startSmtpSink } from '../support/smtpSink.ts';

let send: Send;
let second: SmtpSink | undefined;
afterEach(async () => {
  await send.close();
  await second?.close();
  second = undefined;
});

/** When each mail was begun, by recipient domain. */
function timesOf(sink: SmtpSink): Map<string, number[]> {
  const times = new Map<string, number[]>();
  sink.behaviour.data = ({ to }) => {
    const domain = to.split('@')[1] ?? '';
    times.set(domain, [...(times.get(domain) ?? []), performance.now()]);
    return undefined;
  };
  return times;
}

/** The most in any second. */
function busiest(times: number[]): number {
  return Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + 1_000).length));
}

describe('what is configured holds over all workers', () => {
  test("a relay's rate, with two processes and one that starts anew", async () => {
    let times = new Map<string, number[]>();
    send = await openSend(120, {
      relay: { perSecond: 40, connections: 8 },
      before: async (_app, sink) => void (times = timesOf(sink)),
    });
    const beside = await openBeside(send);
    await sql`insert into worker_presence (id, seen_at, sending) values ('a', now(), true), ('b', now(), true)`.execute(
      send.app.database.db,
    );
    // The one that ends may be in the middle of its books; whatever else goes wrong with it is a fault.
    const ended = send.deliver(beside).catch((error: unknown) => {
      if (!String(error).includes('driver has already been destroyed')) throw error;
    });
    const both = Promise.all([send.deliver(), ended]);
    await sleep(800);
    await beside.close();
    await both;
    const third = await openBeside(send);
    await Promise.all([send.untilSent(), send.deliver(third)]);
    await third.close();
    const all = [...times.values()].flat();
    // What was under way at the one that ended may have gone twice.
    expect(all.length).toBeGreaterThanOrEqual(120);
    expect(all.length).toBeLessThanOrEqual(120 + 8);
    // One more than the rate: the first of a second and of the next.
    expect(busiest(all)).toBeLessThanOrEqual(40 + 4);
    expect(Math.max(...all) - Math.min(...all)).toBeGreaterThan(2_300);
  });

  test("a domain's rate and connections, while another goes on at its own pace", async () => {
    let times = new Map<string, number[]>();
    let open = 0;
    let most = 0;
    send = await openSend(40, {
      domains: ['slow.example', 'fast.example'],
      before: async (app, sink) => {
        times = timesOf(sink);
        sink.behaviour.accepted = async ({ to }) => {
          if (!to.endsWith('slow.example')) return undefined;
          most = Math.max(most, ++open);
          await sleep(30);
          open--;
          return undefined;
        };
        await saveDomainLimit(app.database.db, {
          domain: 'slow.example',
          perSecond: 10,
          connections: 1,
          perConnection: 5,
        });
      },
    });
    await send.untilSent();
    const slow = times.get('slow.example') ?? [];
    expect(slow).toHaveLength(20);
    expect(busiest(slow)).toBeLessThanOrEqual(12);
    expect(most).toBe(1);
    const fast = times.get('fast.example') ?? [];
    expect(Math.max(...fast) - Math.min(...fast)).toBeLessThan((Math.max(...slow) - Math.min(...slow)) / 2);
    expect(await send.sums()).toMatchObject({ accepted: 40 });
  });

  test('a day’s quota: what is over it waits for the next day, and nobody is charged for it', async () => {
    send = await openSend(30, { relay: { perDay: 12 } });
    await send.deliver();
    await send.look();
    await send.deliver();
    expect(send.sink.mails).toHaveLength(12);
    expect(await send.sums()).toMatchObject({ accepted: 12, planned: 18 });
    const { rows } = await sql<{ hours: number }>`
      select max(extract(epoch from due_at - now()))::float8 / 3600 as hours from batches`.execute(
      send.app.database.db,
    );
    expect(rows[0]?.hours).toBeGreaterThan(0);
    expect(rows[0]?.hours).toBeLessThanOrEqual(24.1);
    await sql`update pacing set day = day - 1`.execute(send.app.database.db);
    await send.passTime();
    const nextDay = await openBeside(send);
    await send.deliver(nextDay);
    await nextDay.close();
    expect(send.sink.mails).toHaveLength(24);
  });

  test('a warm-up begins small and grows each day', async () => {
    const from = new Date(Math.floor(Date.now() / 86_400_000) * 86_400_000 - 2 * 86_400_000);
    send = await openSend(30, { relay: { perDay: 1_000, warmUp: { from, first: 4, growth: 2 } } });
    await send.deliver();
    expect(send.sink.mails).toHaveLength(16);
  });

  test('connections and messages a connection', async () => {
    let open = 0;
    let most = 0;
    send = await openSend(60, {
      relay: { connections: 3, perConnection: 7 },
      behaviour: {
        accepted: async () => {
          most = Math.max(most, ++open);
          await sleep(5);
          open--;
          return undefined;
        },
      },
    });
    const beside = await openBeside(send);
    await Promise.all([send.untilSent(), send.deliver(beside)]);
    await beside.close();
    expect(send.sink.mails).toHaveLength(60);
    expect(most).toBeLessThanOrEqual(3);
    expect(send.sink.commands.filter((line) => line.startsWith('EHLO')).length).toBeGreaterThanOrEqual(
      Math.floor(60 / 7),
    );
  });
});

describe('several relays', () => {
  const withTwo = async (readers: number, weights: [number, number], more = {}) => {
    second = await startSmtpSink();
    const other = { ...second.relay, weight: weights[1], name: 'second' };
    send = await openSend(readers, { relay: { weight: weights[0], name: 'first' }, ...more });
    send.app.config.relays.push(other);
  };

  test('share the mail by their weights', async () => {
    await withTwo(200, [3, 1]);
    await send.untilSent();
    expect(send.sink.mails.length + (second?.mails.length ?? 0)).toBe(200);
    expect(send.sink.mails.length).toBeGreaterThan(120);
    expect(send.sink.mails.length).toBeLessThan(180);
    const { rows } = await sql<{ relay: string; count: number }>`
      select relay, count(*)::int as count from deliveries group by 1 order by 1`.execute(send.app.database.db);
    expect(rows).toEqual([
      { relay: 'first', count: send.sink.mails.length },
      { relay: 'second', count: second?.mails.length },
    ]);
  });

  test('when one is away the other takes over, and nobody is charged for it', async () => {
    await withTwo(40, [1, 0], { behaviour: { greeting: () => '554 5.3.2 not today' } });
    await send.untilSent();
    expect(second?.mails).toHaveLength(40);
    expect(await send.sums()).toMatchObject({ accepted: 40 });
    const paces = await knownPaces(send.app.database.db);
    expect(paces).toEqual([
      expect.objectContaining({ key: 'relay:first', heldCause: 'away', heldReason: '554 5.3.2 not today' }),
    ]);
    const { rows } = await sql<{ attempts: number }>`select max(attempts)::int as attempts from deliveries`.execute(
      send.app.database.db,
    );
    expect(rows[0]?.attempts).toBe(0);
  });

  test('the only one being away, at the greeting, AUTH or MAIL, is nobody’s fault, and it is tried again', async () => {
    let away = true;
    send = await openSend(20, { behaviour: { mail: () => (away ? '451 4.3.0 not now' : undefined) } });
    await send.deliver();
    expect(await send.sums()).toMatchObject({ planned: 20 });
    away = false;
    await send.untilSent();
    expect(await send.sums()).toMatchObject({ accepted: 20 });
    expect(await knownPaces(send.app.database.db)).toEqual([]);
  });
});

describe('what servers say', () => {
  test('"not so fast" slows that domain, not the others, and is charged to nobody', async () => {
    let told = 0;
    send = await openSend(60, {
      domains: ['strict.example', 'easy.example'],
      behaviour: {
        rcpt: (to) => (to.endsWith('strict.example') && told++ < 3 ? '450 4.7.1 too many messages' : undefined),
      },
    });
    await send.deliver();
    const { db } = send.app.database;
    const [pace] = await knownPaces(db);
    expect(pace).toMatchObject({
      key: 'domain:strict.example',
      heldCause: 'throttled',
      heldReason: '450 4.7.1 too many messages',
    });
    expect(pace?.slowedTo).toBeGreaterThan(0);
    const { rows } = await sql<{ cause: string; attempts: number }>`
      select distinct cause, attempts::int as attempts from deliveries where state = 'deferred'`.execute(db);
    expect(rows).toEqual([{ cause: 'throttled', attempts: 0 }]);
    expect(send.sink.mails.filter(({ to }) => to.endsWith('easy.example'))).toHaveLength(30);
    await send.passTime();
    await send.untilSent();
    expect(await send.sums()).toMatchObject({ accepted: 60 });
  });

  test('421 to MAIL slows the relay', async () => {
    let told = 0;
    send = await openSend(20, { behaviour: { mail: () => (told++ < 1 ? '421 4.7.0 slow down' : undefined) } });
    // The rest is three seconds, which a busy machine may take for the mails after it.
    const seen: unknown[] = [];
    const look = async () => {
      const throttled = (await knownPaces(send.app.database.db)).filter(({ heldCause }) => heldCause === 'throttled');
      if (seen.length === 0) seen.push(...throttled);
    };
    const looking = setInterval(() => void look(), 20);
    await send.deliver();
    clearInterval(looking);
    await look();
    expect(seen).toEqual([expect.objectContaining({ key: `relay:${send.sink.relay.name}` })]);
    expect((await send.sums()).deferred).toBe(0);
  });

  test('a domain in trouble is left alone after some tries, with all its readers', async () => {
    let tries = 0;
    send = await openSend(100, {
      domains: ['ill.example', 'well.example'],
      behaviour: {
        rcpt: (to) => {
          if (!to.endsWith('ill.example')) return undefined;
          tries++;
          return '451 4.3.0 in trouble';
        },
      },
    });
    await send.deliver();
    expect(tries).toBeLessThan(40);
    expect(await knownPaces(send.app.database.db)).toEqual([
      expect.objectContaining({ key: 'domain:ill.example', heldCause: 'trouble' }),
    ]);
    expect(send.sink.mails).toHaveLength(50);
  });

  test('5.7.x past 2 % and 20 holds the domain, tells the editors, and strikes nobody off', async () => {
    send = await openSend(150, {
      domains: ['blocks.example', 'takes.example', 'minds.example'],
      settings: { editors: ['editor@example.org'] },
      behaviour: {
        rcpt: (to) => (to.endsWith('blocks.example') ? '550 5.7.1 your server is listed' : undefined),
        accepted: ({ to }) => (to === 'reader.2@minds.example' ? '554 5.7.1 spam' : undefined),
      },
    });
    const { db } = send.app.database;
    await send.deliver();
    await sleep(1_500);
    expect(await knownPaces(db)).toEqual([
      expect.objectContaining({
        key: 'domain:blocks.example',
        heldCause: 'policy',
        heldReason: '550 5.7.1 your server is listed',
      }),
    ]);
    expect(await send.state()).toBe('sending');
    expect((await sql`select 1 from suppressions`.execute(db)).rows).toEqual([]);
    const { deferred, refused } = await send.sums();
    expect({ deferred, refused }).toEqual({ deferred: 51, refused: 0 });
    expect(await untoldAlerts(db)).toEqual([expect.objectContaining({ kind: 'domain-held' })]);
    await tick(await send.app.newsroom());
    expect(await untoldAlerts(db)).toEqual([]);
    const letter = send.sink.mails.find(({ to }) => to === 'editor@example.org');
    expect(letter?.message.toString()).toMatch(/blocks\.example refuses our mail/);

    send.sink.behaviour.rcpt = undefined;
    send.sink.behaviour.accepted = undefined;
    expect(await lift(db, 'domain:blocks.example')).toBe(true);
    await unpark(db, 'blocks.example');
    await unpark(db, 'minds.example');
    await sleep(1_100);
    await send.untilSent();
    expect(await send.sums()).toMatchObject({ accepted: 150 });
  });

  test('several domains that refuse us hold the edition, until somebody carries it on', async () => {
    send = await openSend(120, {
      domains: ['a.example', 'b.example', 'c.example', 'd.example'],
      behaviour: { rcpt: (to) => (to.endsWith('d.example') ? undefined : '550 5.7.26 not authenticated') },
    });
    await send.deliver();
    await sleep(1_500);
    expect(await send.state()).toBe('paused');
    const kinds = (await untoldAlerts(send.app.database.db)).map(({ kind }) => kind);
    expect(kinds.toSorted()).toEqual(['domain-held', 'domain-held', 'domain-held', 'edition-held']);
    expect(await send.sums()).toMatchObject({ accepted: 30, deferred: 90, refused: 0 });
    await resumeEdition(await send.app.newsroom(), send.editionId, 'an editor');
    await send.look();
    expect(await send.state()).toBe('sending');
  });
});

test('a key that does not sign stops the send: nothing goes out unsigned', async () => {
  send = await openSend(10, {
    before: async ({ database: { db }, config }) => {
      await newDkimKey(db, config.keys, { domain: 'example.org', selector: 's1', algorithm: 'rsa', now: new Date() });
      await useDkimKey(db, 'example.org', 's1', new Date());
    },
  });
  await send.deliver();
  expect(send.sink.mails).toHaveLength(10);
  for (const { message } of send.sink.mails) expect(message.toString()).toMatch(/^DKIM-Signature: v=1; a=rsa-sha256;/);
  await send.close();

  send = await openSend(10, {
    before: async ({ database: { db }, config }) => {
      await newDkimKey(db, config.keys, { domain: 'example.org', selector: 's1', algorithm: 'rsa', now: new Date() });
      await useDkimKey(db, 'example.org', 's1', new Date());
      await sql`update dkim_keys set private_key = 'k1.broken'`.execute(db);
    },
  });
  await send.deliver();
  expect(await send.state()).toBe('paused');
  expect(await untoldAlerts(send.app.database.db)).toEqual([
    expect.objectContaining({
      kind: 'mail-not-made',
      detail: { reason: expect.stringContaining('DKIM key s1 of example.org') },
    }),
  ]);
  expect(send.sink.mails).toHaveLength(0);
  expect(await send.sums()).toMatchObject({ planned: 10 });
});
