import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sumsOf } from '../../src/dispatch/index.ts';
import { askOracle } from '../support/oracle.ts';
import { openSend } from '../support/send.ts';
import { readJournal, startSmtpSink } from '../support/smtpSink.ts';
import { type Worker, keepSpare, killSpare, killWorker, startWorker } from '../chaos/workers.ts';

const RESTARTS = 50;
const READERS = 6_000;

test(`${RESTARTS} graceful restarts of workers during a send lose nothing and double nothing`, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'roundup-restarts-'));
  const journal = path.join(folder, 'journal');
  let delayMs = 150;
  const sink = await startSmtpSink({ accepted: () => sleep(delayMs, undefined) }, { journal, forgetful: true });
  const send = await openSend(READERS, { domains: ['a.example', 'b.example'] });
  const { app, editionId } = send;
  const environment = {
    DATABASE_URL: app.config.databaseUrl ?? '',
    DATA_DIR: folder,
    SMTP_URL: `smtp://127.0.0.1:${sink.relay.port}?tls=none&connections=8`,
    SECRETS: `k1:${app.config.keys.current.secret.toString()}`,
    LOG_LEVEL: 'error',
  };
  const workers: Worker[] = [startWorker(environment), startWorker(environment)];
  const codes: (number | null)[] = [];
  try {
    while (sink.kept() === 0) await sleep(20);
    for (let restart = 0; restart < RESTARTS; restart++) {
      keepSpare(2);
      const [oldest] = workers.splice(0, 1) as [Worker];
      workers.push(startWorker(environment));
      await killWorker(oldest, 'SIGTERM');
      // One that was asked to go before it had begun anything ends by the signal.
      codes.push(oldest.child.signalCode === 'SIGTERM' ? 0 : oldest.child.exitCode);
      const before = sink.kept();
      while (sink.kept() === before && sink.kept() < READERS) await sleep(10);
    }
    const duringRestarts = sink.kept();
    delayMs = 0;
    while ((await send.state()) === 'sending') await sleep(50);
    const verdict = await askOracle(app.database.db, editionId, { journal: readJournal(journal), leavers: [] });
    expect(duringRestarts).toBeLessThan(READERS);
    expect(codes).toEqual(codes.map(() => 0));
    expect(verdict).toMatchObject({
      recipients: READERS,
      lost: [],
      stuck: [],
      duplicatesExplained: 0,
      duplicatesUnexplained: [],
      uncertain: 0,
    });
    expect(await sumsOf(app.database.db, editionId)).toMatchObject({ audience: READERS, accepted: READERS });
    expect(sink.kept()).toBe(READERS);
  } finally {
    await Promise.all(workers.map((worker) => killWorker(worker)));
    await killSpare();
    await send.close();
    await sink.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
