import { fetchIncoming } from '../../src/newsroom/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { fetchMail } from '../../src/platform/incoming/index.ts';
import { countSubscriptions, readerToken } from '../../src/subscribers/index.ts';
import { addNewsletter, addPublication, addReaders, openHouse } from '../support/house.ts';
import { dovecotMissing, startDovecot } from './dovecot.ts';

const run = dovecotMissing === undefined ? test : test.skip;

run(
  `${dovecotMissing ?? 'a real Dovecot'}: what is in the mailbox is read once, leavers leave, and nothing is moved or deleted`,
  async () => {
    const dovecot = await startDovecot();
    const { port, user, password } = dovecot;
    const mailbox = { host: '127.0.0.1', port, secure: false, user, password, folder: 'INBOX' };
    const house = await openHouse({
      config: { unsubscribeAddress: 'leave@news.example.org', incoming: { listen: [], mailboxes: [mailbox] } },
    });
    try {
      const { db } = house.database;
      await addPublication(db);
      await addNewsletter(db);
      await addReaders(db, 1, 3);
      const token = (subscriberId: number) =>
        readerToken(house.config.keys, 'unsubscribe', { newsletterId: 1, subscriberId, editionId: 1 });
      const mail = (...lines: string[]) => dovecot.add(`${lines.join('\r\n')}\r\n\r\nA text.\r\n`);
      mail('Return-Path: <reader.1@readers.example>', 'To: leave@news.example.org', `Subject: unsubscribe ${token(1)}`);
      mail('Delivered-To: leave@news.example.org', 'To: x@y.example', `Subject: =?utf-8?Q?unsubscribe_${token(2)}?=`);
      mail('Return-Path: <>', 'To: leave@news.example.org', `Subject: unsubscribe ${token(3)}`);
      for (let n = 0; n < 30; n++) mail('Return-Path: <>', 'To: back@news.example.org', `Subject: failed ${n}`);
      const parts = await house.newsroom();
      const { mailboxes } = house.config.incoming;
      await fetchIncoming(parts, mailboxes);
      expect((await countSubscriptions(db, 1)).unsubscribed).toBe(2);
      const { rows } = await sql<{ n: number }>`select count(*)::int as n from incoming_mails`.execute(db);
      expect(rows[0]!.n).toBe(33);
      mail('To: back@news.example.org', 'Subject: one more');
      const seen: string[] = [];
      const take = async ({ message }: { message: Buffer }) => void seen.push(message.toString());
      expect(await fetchMail(mailbox, take)).toBe(1);
      expect(seen[0]).toContain('one more');
      expect(await fetchMail(mailbox, take)).toBe(0);
      // A mail that cannot be kept is there the next time.
      mail('To: back@news.example.org', 'Subject: late');
      await expect(fetchMail(mailbox, () => Promise.reject(new Error('the database is away')))).rejects.toThrow('away');
      expect(await fetchMail(mailbox, take)).toBe(1);
      await expect(fetchMail({ ...mailbox, password: 'wrong' }, take)).rejects.toThrow('Command failed');
    } finally {
      await house.remove();
      await dovecot.stop();
    }
  },
  60_000,
);
