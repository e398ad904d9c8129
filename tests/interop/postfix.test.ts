import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listDkimKeys, newDkimKey, sumsOf, useDkimKey } from '../../src/dispatch/index.ts';
import { openSend } from '../support/send.ts';
import { postfixMissing, startPostfix } from './postfix.ts';

const READERS = 300;
const PATIENCE_MS = 60_000;
const SYSTEM_PYTHON = '/usr/bin/python3';
const dkimMissing =
  spawnSync(SYSTEM_PYTHON, ['-c', 'import dkim, nacl']).status === 0 ? undefined : 'python3-dkim is not installed';

const missing = postfixMissing ?? dkimMissing;
const run = missing === undefined ? test : test.skip;

// dkimpy is an implementation of its own; the DNS that it asks is what `roundup dkim list` says.
const VERIFY = `
import sys, json, dkim, glob
records = json.load(open(sys.argv[1]))
def dns(name, timeout=5):
    return records.get(name.decode().rstrip('.'), '').encode()
for path in sorted(glob.glob(sys.argv[2] + '/*')):
    message = open(path, 'rb').read()
    signer = dkim.DKIM(message)
    count = message.split(b'\\n\\n')[0].lower().count(b'dkim-signature:')
    results = [dkim.DKIM(message).verify(idx=i, dnsfunc=dns) for i in range(count)]
    print(json.dumps(results))
`;

run(
  `${missing ?? 'a real Postfix'}: everybody gets it, over TLS, and both signatures hold for another implementation`,
  async () => {
    const postfix = await startPostfix();
    const folder = mkdtempSync(path.join(tmpdir(), 'roundup-dkim-'));
    const send = await openSend(READERS, {
      // A signature from the future is none.
      now: '2026-06-11T08:00:00Z',
      domains: ['a.example', 'b.example', 'c.example'],
      relay: { port: postfix.port, tls: 'opportunistic', connections: 6, perConnection: 20 },
      before: async ({ database: { db }, config }) => {
        for (const algorithm of ['rsa', 'ed25519'] as const) {
          await newDkimKey(db, config.keys, { domain: 'example.org', selector: algorithm, algorithm, now: new Date() });
          await useDkimKey(db, 'example.org', algorithm, new Date());
        }
      },
    });
    try {
      await send.untilSent();
      const { db } = send.app.database;
      expect(await sumsOf(db, send.editionId)).toMatchObject({ audience: READERS, accepted: READERS });
      const deadline = performance.now() + PATIENCE_MS;
      while (postfix.delivered().length < READERS && performance.now() < deadline) await sleep(100);
      const mails = postfix.delivered();
      const recipients = mails.map((mail) => /^X-Original-To: (.*)$/m.exec(mail.toString())?.[1]);
      expect(new Set(recipients).size).toBe(READERS);
      expect(mails).toHaveLength(READERS);
      expect(postfix.log()).not.toMatch(/warning|error|fatal|bare newline|lost connection/i);
      expect(mails[0]?.toString()).toMatch(/using TLSv1\.[23]|with ESMTPS/);

      const records = (await listDkimKeys(db)).map(({ selector, domain, record }) => [
        `${selector}._domainkey.${domain}`,
        record,
      ]);
      writeFileSync(path.join(folder, 'records.json'), JSON.stringify(Object.fromEntries(records)));
      const files = mkdtempSync(path.join(folder, 'mails-'));
      for (const [index, mail] of mails.entries()) writeFileSync(path.join(files, String(index)), mail);
      const verified = spawnSync(SYSTEM_PYTHON, ['-c', VERIFY, path.join(folder, 'records.json'), files]);
      expect(verified.stderr.toString()).toBe('');
      const results = verified.stdout.toString().trim().split('\n');
      expect(results).toHaveLength(READERS);
      expect(new Set(results)).toEqual(new Set(['[true, true]']));
    } finally {
      await send.close();
      await postfix.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
  120_000,
);
