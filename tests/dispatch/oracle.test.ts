import { sql } from '../../src/platform/database/index.ts';
import { askOracle } from '../support/oracle.ts';
import { type Send, openSend } from '../support/send.ts';
import type { JournalEntry } from '../support/smtpSink.ts';

// The chaos suite is as good as its oracle: for each thing that can go wrong, that it sees it.

let send: Send;
let journal: JournalEntry[];

beforeEach(async () => {
  send = await openSend(4);
  await send.untilSent();
  journal = send.sink.mails.map(({ to }) => ({
    to,
    sha256: to,
    begunAt: 1_000,
    keptAt: 1_001,
    client: 'w',
    told: true,
  }));
});
afterEach(() => send.close());

const ask = (leavers: { address: string; at: number }[] = []) =>
  askOracle(send.app.database.db, send.editionId, { journal, leavers });
const first = () => journal[0] as JournalEntry;
const change = (set: string) =>
  sql`update deliveries set ${sql.raw(set)} where address = ${first().to}`.execute(send.app.database.db);

test('nothing is wrong with a send that went well', async () => {
  expect(await ask()).toEqual({
    recipients: 4,
    lost: [],
    stuck: [],
    suppressedMailed: [],
    duplicatesExplained: 0,
    duplicatesUnexplained: [],
    different: [],
    uncertain: 0,
    addsUp: true,
  });
});

test('a mail that the ledger calls accepted and the server never had is lost', async () => {
  const { to } = first();
  journal = journal.slice(1);
  expect((await ask()).lost).toEqual([to]);
});

test('a second copy needs a doubt in the ledger, and has to be the same', async () => {
  journal.push({ ...first(), sha256: 'other' });
  expect(await ask()).toMatchObject({
    duplicatesExplained: 0,
    duplicatesUnexplained: [expect.stringContaining(first().to)],
    different: [first().to],
  });
  await change('doubts = 1');
  expect(await ask()).toMatchObject({ duplicatesExplained: 1, duplicatesUnexplained: [], uncertain: 1 });
});

test('a mail that the server has and that the ledger calls refused is one too many', async () => {
  await change("state = 'refused'");
  expect((await ask()).duplicatesUnexplained).toHaveLength(1);
});

test('who had left a second before the mail was begun, or was never in the audience, was mailed wrongly', async () => {
  expect((await ask([{ address: first().to, at: 500 }])).suppressedMailed).toEqual([]);
  expect((await ask([{ address: first().to, at: -500 }])).suppressedMailed).toEqual([first().to]);
  journal.push({ ...first(), to: 'nobody@readers.example' });
  expect((await ask()).suppressedMailed).toEqual(['nobody@readers.example']);
});

test('a row that is still open is stuck', async () => {
  await change("state = 'handing'");
  expect((await ask()).stuck).toEqual([expect.stringContaining('handing')]);
});

test('what was in doubt three times waits for a person, and is not stuck', async () => {
  await change("state = 'uncertain', doubts = 2");
  expect((await ask()).stuck).toEqual([expect.stringContaining('uncertain')]);
  await change("state = 'uncertain', doubts = 3");
  expect((await ask()).stuck).toEqual([]);
});
