import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadConfig, localKeys, readConfig } from '../../src/platform/config/index.ts';

const keys = () => ({ current: { id: 'k0', secret: Buffer.from('made for this test') }, retired: [] });
const read = (env: Record<string, string>) => readConfig(env, '/srv/roundup', keys);

test('an empty environment is a configuration', () => {
  expect(read({})).toMatchObject({
    production: false,
    baseUrl: 'http://localhost:8080',
    host: '127.0.0.1',
    dataDir: '/srv/roundup/data',
    relays: [],
  });
});

test('every problem is named at once: the variable, what it holds, what is wanted', () => {
  const env = {
    PORT: 'eighty',
    BASE_URL: 'news.example.org',
    DATABASE_URL: 'mysql://u:hunter2@db/x',
    SMTP_URL: 'smtp://user:hunter2@mail.example.org?tls=maybe',
    RETURN_PATH: 'nobody',
    INCOMING: 'imaps://user:hunter2@',
    SECRETS: 'short',
    TRUST_PROXY: 'perhaps!',
    LOG_LEVEL: 'loud',
    LEASE_SECONDS: '1',
  };
  let message = '';
  try {
    read(env);
  } catch (error) {
    message = (error as Error).message;
  }
  for (const variable of Object.keys(env)) expect(message).toContain(variable);
  expect(message).toContain('PORT holds "eighty"; wanted: a port number');
  expect(message).not.toContain('hunter2');
  expect(message).not.toContain('"short"');
});

test('production does not start without a base URL, secrets and a mail server', () => {
  expect(() => read({ NODE_ENV: 'production' })).toThrow(
    /BASE_URL is not set[\s\S]*SECRETS is not set[\s\S]*SMTP_URL is not set/,
  );
});

test('production wants https, and a port of any kind leaves the desk one', () => {
  expect(() => read({ NODE_ENV: 'production', BASE_URL: 'http://news.example.org' })).toThrow(
    /BASE_URL holds "http:\/\/news\.example\.org"; wanted: an https address/,
  );
  expect(read({ PORT: '0' }).deskPort).toBe(0);
  expect(read({ PORT: '65535' }).deskPort).toBe(65_535);
});

test('production starts with them', () => {
  const config = read({
    NODE_ENV: 'production',
    BASE_URL: 'https://news.example.org/',
    SECRETS: `k2:${'s'.repeat(32)},k1:${'t'.repeat(40)}`,
    SMTP_URL: 'smtps://user:p%40ss@mail.example.org?connections=25',
  });
  expect(config.baseUrl).toBe('https://news.example.org');
  expect(config.keys).toMatchObject({ current: { id: 'k2' }, retired: [{ id: 'k1' }] });
  expect(config.relays).toMatchObject([
    {
      name: 'mail.example.org:465',
      host: 'mail.example.org',
      port: 465,
      tls: 'implicit',
      user: 'user',
      password: 'p@ss',
      connections: 25,
    },
  ]);
});

test('TRUST_PROXY is a number of proxies, or addresses; to believe all of them is to believe whoever asks', () => {
  expect(() => read({ TRUST_PROXY: 'true' })).toThrow('TRUST_PROXY');
  expect(read({ TRUST_PROXY: 'false' }).trustProxy).toBe(false);
  expect(read({ TRUST_PROXY: '2' }).trustProxy).toBe(2);
  expect(read({ TRUST_PROXY: '10.0.0.1, 10.1.0.0/16' }).trustProxy).toEqual(['10.0.0.1', '10.1.0.0/16']);
});

test('a return path leaves room for what is added to it', () => {
  expect(read({ RETURN_PATH: 'bounces@news.example.org' }).returnPath).toBe('bounces@news.example.org');
  expect(() => read({ RETURN_PATH: `${'b'.repeat(21)}@news.example.org` })).toThrow(/at most 20 characters/);
});

describe('in a folder', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'roundup-config-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('.env fills what the environment leaves open', () => {
    writeFileSync(path.join(folder, '.env'), 'PORT=4000\nBASE_URL=http://localhost:4000\n');
    expect(loadConfig(folder, { PORT: '5000' })).toMatchObject({ port: 5000, baseUrl: 'http://localhost:4000' });
  });

  test("the installation's own key is made once and kept to itself", () => {
    expect(localKeys(folder)).toEqual(localKeys(folder));
    expect(readFileSync(path.join(folder, 'signing-key'), 'utf8').length).toBeGreaterThanOrEqual(43);
  });
});

test('mail comes in by listening and by fetching; an address that nobody reads the mail of is none to offer', () => {
  const address = { UNSUBSCRIBE_ADDRESS: 'leave@news.example.org' };
  const incoming =
    'lmtp://127.0.0.1:24 smtp://[::]:2525 imaps://a%40b:p%2Fw@mail.example.org imap://u:p@[::1]:1143/Back/Here';
  expect(read({ ...address, INCOMING: incoming })).toMatchObject({
    unsubscribeAddress: 'leave@news.example.org',
    incoming: {
      listen: [
        { protocol: 'lmtp', host: '127.0.0.1', port: 24 },
        { protocol: 'smtp', host: '::', port: 2525 },
      ],
      mailboxes: [
        { host: 'mail.example.org', port: 993, secure: true, user: 'a@b', password: 'p/w', folder: 'INBOX' },
        { host: '::1', port: 1143, secure: false, user: 'u', password: 'p', folder: 'Back/Here' },
      ],
    },
  });
  expect(() => read(address)).toThrow(/INCOMING is not set/);
  expect(() => read({ INCOMING: 'smtp://0.0.0.0' })).toThrow(/UNSUBSCRIBE_ADDRESS is not set/);
  for (const bad of [
    'pop3://a:b@c',
    'imaps://a@c',
    'imaps://c',
    'smtp://u:p@0.0.0.0',
    'smtp://0.0.0.0/x',
    'imaps://a:b@c?x=1',
    'x',
  ])
    expect(() => read({ ...address, INCOMING: bad })).toThrow(/INCOMING holds/);
});
