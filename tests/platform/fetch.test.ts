import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { FETCH_LIMITS, fetchDocument, isPublicAddress } from '../../src/platform/fetch/index.ts';
import { type WebServer, startWebServer } from '../support/webServer.ts';

let server: WebServer;
let answer: (response: ServerResponse, path: string) => void;

beforeAll(async () => {
  server = await startWebServer((request, response) => answer(response, request.url ?? ''));
});
afterAll(() => server.close());

const get = (path = '/', limits = FETCH_LIMITS) => fetchDocument({ url: server.url + path, isLocal: true }, { limits });
const body = async (path?: string) => {
  const fetched = await get(path);
  return fetched.changed ? fetched.body.toString() : 'unchanged';
};

describe('THREATS 9: nothing that a source names reaches a private network', () => {
  test.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '255.255.255.255',
    '224.0.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '::1',
    '::',
    'fc00::1',
    'fe80::1',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::7f00:1',
    '64:ff9b::10.0.0.1',
    '2002:7f00:1::',
    '2001:db8::1',
    'not an address',
  ])('%s is not public', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  test.each(['93.184.216.34', '2606:4700:4700::1111', '::ffff:93.184.216.34', '64:ff9b::5db8:d822'])(
    '%s is public',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  test.each(['127.0.0.1', '2130706433', '0x7f.1', '0177.0.0.1', '127.1', '[::1]', '[::ffff:127.0.0.1]', 'localhost'])(
    'http://%s is refused without a connection',
    async (host) => {
      answer = (response) => response.end('secret');
      const before = server.requests.length;
      const { port } = new URL(server.url);
      await expect(fetchDocument({ url: `http://${host}:${port}/`, isLocal: false })).rejects.toThrow(
        /private network/,
      );
      expect(server.requests.length).toBe(before);
    },
  );

  test('a name that resolves to a private address is refused, and one that changes its mind is not asked twice', async () => {
    let asked = 0;
    const rebinding = async () => [{ address: asked++ === 0 ? '10.0.0.1' : '127.0.0.1', family: 4 }];
    await expect(
      fetchDocument({ url: 'http://rebind.example/', isLocal: false }, { resolve: rebinding }),
    ).rejects.toThrow(/private network/);
    expect(asked).toBe(1);
  });

  test('it connects to the very address that was checked', async () => {
    answer = (response) => response.end('here');
    const { port } = new URL(server.url);
    const fetched = await fetchDocument(
      { url: `http://anything.example:${port}/`, isLocal: true },
      { resolve: async () => [{ address: '127.0.0.1', family: 4 }] },
    );
    expect(fetched.changed && fetched.body.toString()).toBe('here');
  });

  test('a redirect to a private address is refused', async () => {
    answer = (response) => response.writeHead(302, { location: `${server.url}/inside` }).end();
    const { port } = new URL(server.url);
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    await expect(fetchDocument({ url: `http://public.example:${port}/`, isLocal: false }, { resolve })).rejects.toThrow(
      /private network/,
    );
  });

  test('a proxy in the environment is not used', async () => {
    answer = (response) => response.end('direct');
    Object.assign(process.env, { http_proxy: 'http://127.0.0.1:1', HTTP_PROXY: 'http://127.0.0.1:1' });
    try {
      expect(await body()).toBe('direct');
    } finally {
      delete process.env.http_proxy;
      delete process.env.HTTP_PROXY;
    }
  });
});

describe('limits', () => {
  test.each([5, 6])('%i redirects', async (count) => {
    answer = (response, path) => {
      const step = Number(path.slice(1));
      if (step < count) response.writeHead(301, { location: `/${step + 1}` }).end();
      else response.end('arrived');
    };
    if (count <= FETCH_LIMITS.redirects) expect(await body('/0')).toBe('arrived');
    else await expect(get('/0')).rejects.toThrow(/redirects more than 5 times/);
  });

  test('a body at the size limit is taken, one byte more is refused', async () => {
    answer = (response, path) => response.end(Buffer.alloc(Number(path.slice(1)), 'x'));
    const limits = { ...FETCH_LIMITS, sizeBytes: 1_048_576 };
    expect(await get('/1048576', limits)).toMatchObject({ changed: true });
    await expect(get('/1048577', limits)).rejects.toThrow(/larger than 1 MB/);
  });

  test('a small download that unpacks to a large one is refused', async () => {
    answer = (response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(20 * 1024 * 1024)));
    await expect(get()).rejects.toThrow(/larger than 10 MB/);
  });

  test('a slow drip ends at the time limit', async () => {
    answer = (response) => {
      const drip = setInterval(() => response.write('.'), 20);
      void once(response, 'close').then(() => clearInterval(drip));
    };
    await expect(get('/', { ...FETCH_LIMITS, timeMs: 300 })).rejects.toThrow(/took longer than 0.3 seconds/);
  });
});

test.each([
  ['gzip', gzipSync('packed')],
  ['br', brotliCompressSync('packed')],
])('%s is unpacked', async (encoding, bytes) => {
  answer = (response) => response.writeHead(200, { 'content-encoding': encoding }).end(bytes);
  expect(await body()).toBe('packed');
});

test('what has not changed is not sent again', async () => {
  answer = (response) => {
    const unchanged = server.requests.at(-1)?.headers['if-none-match'] === '"v1"';
    response.writeHead(unchanged ? 304 : 200, { etag: '"v1"' }).end(unchanged ? undefined : 'text');
  };
  expect(await get()).toMatchObject({ changed: true, etag: '"v1"' });
  expect(await fetchDocument({ url: server.url, isLocal: true, etag: '"v1"' })).toEqual({ changed: false });
});

test.each([
  [404, /answered 404 \(there is nothing at this address\)/],
  [403, /answered 403 \(it refuses us\)/],
  [503, /answered 503 \(it is in trouble\)/],
])('status %i is told in words', async (status, words) => {
  answer = (response) => response.writeHead(status).end();
  await expect(get()).rejects.toThrow(words);
});

test('a server that is not there is told in words', async () => {
  await expect(fetchDocument({ url: 'http://127.0.0.1:1/', isLocal: true })).rejects.toThrow(/connection refused/);
});
