import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sumsOf } from '../../src/dispatch/index.ts';
import { connect, sql, startEmbedded } from '../../src/platform/database/index.ts';
import { silentLog } from '../../src/platform/log.ts';
import { BIN, removeDemoFolder } from '../support/demo.ts';

// The demo's send is killed with -9 at random moments, then `roundup up` is started on its data: the send finishes, the inbox
// on disk has everyone, nobody was skipped, and whoever has it twice was recorded as in doubt.

const ROUNDS = Number(process.env.ROUNDUP_KILLS ?? 4);
const READERS = 2_000;
const CONNECTIONS = 8;
const FINISH_MS = 60_000;

/** A demo that is killed when this share of the audience has arrived. */
async function killAt(folder: string, share: number): Promise<void> {
  const child = spawn(process.execPath, [BIN, 'demo', '--once'], { cwd: folder, env: clean(), stdio: 'ignore' });
  const inbox = path.join(folder, 'demo-data', 'inbox', 'new');
  const target = Math.floor(READERS * share);
  for (;;) {
    if (child.exitCode !== null) throw new Error('the demo was over before it could be killed');
    if (countIn(inbox) > target) break;
    await sleep(3);
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** `roundup up` on the demo's data, until the ledger says that the send is over. */
async function finish(folder: string): Promise<{ state: string; doubts: number }> {
  const dataDir = path.join(folder, 'demo-data');
  const up = spawn(process.execPath, [BIN, 'up'], {
    cwd: folder,
    env: { ...clean(), DATA_DIR: dataDir, PORT: '0', DESK_PORT: '0', LEASE_SECONDS: '2' },
    stdio: 'ignore',
  });
  const server = await startEmbedded(dataDir);
  const db = connect(server.url, silentLog, 1);
  try {
    for (const deadline = performance.now() + FINISH_MS; performance.now() < deadline; await sleep(100)) {
      const { rows } = await sql<{ state: string }>`select state from editions where id = 1`.execute(db);
      if (rows[0]?.state !== 'sending') break;
    }
    const { rows } = await sql<{ state: string; doubts: number }>`
      select e.state, sum(d.doubts)::int as doubts from editions e join deliveries d on d.edition_id = e.id group by 1`.execute(
      db,
    );
    const { audience, accepted } = await sumsOf(db, 1);
    expect({ audience, accepted }).toEqual({ audience: READERS, accepted: READERS });
    return rows[0]!;
  } finally {
    await db.destroy();
    up.kill('SIGTERM');
    await once(up, 'exit');
    await server.leave();
  }
}

function clean(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1' };
}

function countIn(folder: string): number {
  try {
    return readdirSync(folder).length;
  } catch {
    return 0;
  }
}

/** How many mails of the edition each recipient has in the Maildir; a letter to the editors has no list. */
function copies(folder: string): Map<string, number> {
  const inbox = path.join(folder, 'demo-data', 'inbox', 'new');
  const counts = new Map<string, number>();
  for (const file of readdirSync(inbox)) {
    const mail = readFileSync(path.join(inbox, file), 'latin1');
    if (!/^List-ID:/im.test(mail.slice(0, mail.indexOf('\r\n\r\n')))) continue;
    const [, to = ''] = /^Delivered-To: (.*)\r$/m.exec(mail.slice(0, 300)) ?? [];
    counts.set(to, (counts.get(to) ?? 0) + 1);
  }
  return counts;
}

test.each(Array.from({ length: ROUNDS }, (_, round) => [round + 1, Math.random()]))(
  'kill %i, at %f of the send',
  async (_round, share) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'roundup-kill-'));
    try {
      await killAt(folder, share * 0.97);
      const { state, doubts } = await finish(folder);
      expect(state).toBe('sent');
      const got = copies(folder);
      expect(got.size).toBe(READERS);
      const extra = [...got.values()].reduce((sum, count) => sum + count - 1, 0);
      expect(extra).toBeLessThanOrEqual(doubts);
      expect(doubts).toBeLessThanOrEqual(2 * CONNECTIONS);
    } finally {
      await removeDemoFolder(folder);
    }
  },
);
