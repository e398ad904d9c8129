import { runRoundup } from '../support/cli.ts';
import { type Send, openSend } from '../support/send.ts';

// What an operator and an editor do about a send from the command line.

let send: Send;

beforeAll(async () => {
  const replies: Record<string, string> = { 'reader.1@readers.example': '552 5.2.2 mailbox full' };
  send = await openSend(4, { behaviour: { rcpt: (to) => replies[to] } });
  await send.untilSent();
});
afterAll(() => send.close());

// A process takes a second to load, and more where the machine is busy.
const PATIENCE_MS = 120_000;

const roundup = (args: string) =>
  runRoundup(args, {
    cwd: send.app.config.dataDir,
    env: {
      DATABASE_URL: send.app.config.databaseUrl ?? '',
      DATA_DIR: send.app.config.dataDir,
      SECRETS: `k1:${send.app.config.keys.current.secret.toString()}`,
      BASE_URL: send.app.config.baseUrl,
      SMTP_URL: `smtp://127.0.0.1:${send.sink.relay.port}?tls=none&rate=100&name=main`,
    },
  });

test(
  'what was refused is shown with its cause, and retried by it',
  async () => {
    const shown = await roundup(`edition show ${send.editionId}`);
    expect(shown.out).toContain('1 refused (mailbox): 552 5.2.2 mailbox full');
    const none = await roundup(`edition retry ${send.editionId} --cause not-ascii`);
    expect(none.out).toContain('nobody of edition');
    const wrong = await roundup(`edition retry ${send.editionId} --cause weather`);
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('"weather" is no cause of a delivery') });
    const retried = await roundup(`edition retry ${send.editionId} --cause mailbox --json`);
    expect(JSON.parse(retried.out)).toEqual({ edition: send.editionId, readers: 1 });
    send.sink.behaviour.rcpt = undefined;
    await send.untilSent();
    expect(await send.sums()).toMatchObject({ accepted: 4 });
  },
  PATIENCE_MS,
);

test(
  'a correction for those whom it has reached is an edition of its own',
  async () => {
    const refused = await roundup(`edition correct ${send.editionId}`);
    expect(refused).toMatchObject({ code: 3, err: expect.stringContaining('--reached') });
    const made = await roundup(`edition correct ${send.editionId} --reached --json`);
    const { edition, state } = JSON.parse(made.out) as { edition: number; state: string };
    expect(state).toBe('draft');
    const shown = await roundup(`edition show ${edition}`);
    expect(shown.out).toContain(`corrects edition ${send.editionId}`);
    expect(shown.out).toContain('subject: Correction: ');
    expect(shown.out).toMatch(/planned finish .*, by the (pace so far|relays' rate)/);
    expect((await roundup(`edition cancel ${edition}`)).code).toBe(0);
  },
  PATIENCE_MS,
);

test(
  'domains are limited, listed and freed',
  async () => {
    expect((await roundup('domain list')).out).toContain('No limits');
    expect((await roundup('domain limit Gmäil.example --rate 30/min --connections 2')).out).toContain(
      'xn--gmil-moa.example is limited',
    );
    const listed = await roundup('domain list');
    expect(listed.out).toMatch(/xn--gmil-moa\.example\s+30\/min\s+2\s+–/);
    expect((await roundup('domain limit example.net --rate fast')).err).toContain('"fast" is not a rate');
    expect((await roundup('domain unlimit xn--gmil-moa.example')).out).toContain('no limit any more');
  },
  PATIENCE_MS,
);

test(
  'a DKIM key is made, its record printed, and used when the DNS has it or somebody insists',
  async () => {
    const made = await roundup('dkim new example.org --selector one');
    expect(made.out).toMatch(
      /one\._domainkey\.example\.org\. TXT "v=DKIM1; k=rsa; p=[A-Za-z0-9+/=]+" "[A-Za-z0-9+/=]+"/,
    );
    expect((await roundup('dkim new example.org --selector one')).err).toContain(
      'has a key with the selector "one" already',
    );
    const beside = JSON.parse((await roundup('dkim new example.org --selector two --ed25519 --json')).out) as {
      record: string;
    };
    expect(beside.record).toMatch(/^v=DKIM1; k=ed25519; p=[A-Za-z0-9+/]{43}=$/);
    expect((await roundup('dkim use example.org nine')).err).toContain('no key with the selector "nine"');
    const unchecked = await roundup('dkim use example.org one --unchecked');
    expect(unchecked.out).toContain('is signed with one from now on');
    expect((await roundup('dkim list')).out).toMatch(/✓ example\.org one \(rsa\): in use since/);
    expect((await roundup('dkim retire example.org one --by Olga')).code).toBe(0);
    expect((await roundup('audit')).out).toMatch(/Olga.*sender key retired.*example\.org/);
  },
  PATIENCE_MS,
);
