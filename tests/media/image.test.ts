import sharp from 'sharp';
import { MOST_BYTES, isPicture, makeImage } from '../../src/media/image.ts';
import { fetchImage, findMedia, mediaSources } from '../../src/media/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { type TestDatabase, freshDatabase } from '../support/database.ts';
import { type WebServer, startWebServer } from '../support/webServer.ts';

const lead = { width: 1280, height: 720 };
/** Noise: nothing is harder to make small. */
const noisy = (width: number, height: number, channels: 3 | 4 = 3) =>
  sharp({ create: { width, height, channels, background: '#000', noise: { type: 'gaussian', mean: 128, sigma: 60 } } });
const plain = (width: number, height: number, background = '#284') =>
  sharp({ create: { width, height, channels: 3, background } });
const sizeOf = async (bytes: Buffer) => {
  const { format, width, height } = await sharp(bytes).metadata();
  return [format, width, height];
};

test.each([
  ['jpeg', () => plain(3000, 2000).jpeg().toBuffer()],
  ['png', () => plain(3000, 2000).png().toBuffer()],
  ['webp', () => plain(3000, 2000).webp().toBuffer()],
  ['avif', () => plain(1500, 1000).avif({ effort: 0 }).toBuffer()],
  ['gif', () => plain(1500, 1000).gif().toBuffer()],
])('from %s to a JPEG of twice the size that it is shown at', async (_, make) => {
  const image = await makeImage(await make(), lead);
  expect(await sizeOf(image.bytes)).toEqual(['jpeg', 1280, 720]);
  expect(image).toMatchObject({ type: 'image/jpeg', width: 1280, height: 720 });
});

test('noise of ten megapixels fits the limit all the same', async () => {
  const image = await makeImage(await noisy(4000, 2500).jpeg().toBuffer(), lead);
  expect(image.bytes.length).toBeLessThanOrEqual(MOST_BYTES);
  expect(image.width / image.height).toBeCloseTo(16 / 9, 1);
});

test('a picture is never made larger than it is, and gets the shape of its place', async () => {
  expect(await makeImage(await plain(400, 400).jpeg().toBuffer(), lead)).toMatchObject({ width: 400, height: 225 });
  expect(await makeImage(await plain(300, 900).jpeg().toBuffer(), { width: 400, height: 300 })).toMatchObject({
    width: 300,
    height: 225,
  });
});

test('what is seen through stays a PNG; what is not does not', async () => {
  const seen = await sharp({
    create: { width: 500, height: 400, channels: 4, background: { r: 0, g: 9, b: 0, alpha: 0.4 } },
  })
    .png()
    .toBuffer();
  expect((await makeImage(seen, lead)).type).toBe('image/png');
  const opaque = await sharp({
    create: { width: 500, height: 400, channels: 4, background: { r: 0, g: 9, b: 0, alpha: 1 } },
  })
    .png()
    .toBuffer();
  expect((await makeImage(opaque, lead)).type).toBe('image/jpeg');
});

test('a photo that lies on its side is turned upright, and says nothing of where it was taken', async () => {
  const bytes = await plain(800, 1200)
    .withExif({ IFD0: { Orientation: '6', Copyright: 'secret place' } })
    .jpeg()
    .toBuffer();
  const turned = await sharp(bytes).withMetadata({ orientation: 6 }).toBuffer();
  const image = await makeImage(turned, { width: 1200, height: 800 });
  expect([image.width, image.height]).toEqual([1200, 800]);
  expect((await sharp(image.bytes).metadata()).exif).toBeUndefined();
  expect(image.bytes.includes('secret place')).toBe(false);
});

describe('THREATS 11: what is no picture is refused in words', () => {
  test.each([
    ['an SVG', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', 'but an SVG drawing'],
    ['a page', '<!doctype html><html>', 'but a web page'],
    ['nothing', '', 'it is empty'],
    ['words', 'GIF, they said', 'it is no JPEG'],
  ])('%s', async (_, text, problem) => {
    expect(isPicture(Buffer.from(text))).toBe(false);
    await expect(makeImage(Buffer.from(text), lead)).rejects.toThrow(problem);
  });

  test('a picture that is cut off, one that is too small, and one that unpacks to too much', async () => {
    const whole = await noisy(900, 600).jpeg().toBuffer();
    await expect(makeImage(whole.subarray(0, whole.length / 2), lead)).rejects.toThrow(/jpeg|premature|end/i);
    await expect(makeImage(await plain(20, 20).png().toBuffer(), lead)).rejects.toThrow('only 20 × 20');
    const bomb = await plain(8_000, 8_000, '#fff').png({ compressionLevel: 9 }).toBuffer();
    expect(bomb.length).toBeLessThan(1_000_000);
    await expect(makeImage(bomb, lead)).rejects.toThrow(/pixel/i);
  });
});

describe('fetched and kept', () => {
  let database: TestDatabase;
  let server: WebServer;
  const asked: string[] = [];
  const now = new Date('2026-11-20T12:00:00Z');
  let photo: Buffer;

  beforeAll(async () => {
    photo = await plain(1600, 900).jpeg().toBuffer();
    database = await freshDatabase();
    server = await startWebServer((request, response) => {
      asked.push(request.url ?? '');
      if (request.url?.startsWith('/media-library/expired') || request.url === '/gone.jpg')
        return void response.writeHead(403).end();
      response.writeHead(200, { 'content-type': 'image/jpeg' }).end(photo);
    });
  });
  afterAll(async () => {
    await server.close();
    await database.drop();
  });
  const want = (path: string) => ({ url: server.url + path, urlKey: path, isLocal: true, size: lead });

  test('once fetched it is there, whatever becomes of its address', async () => {
    expect(await fetchImage(database.db, want('/a.jpg'), now)).toBeUndefined();
    const [source] = await mediaSources(database.db, ['/a.jpg']);
    expect(source).toMatchObject({ size: '1280x720', problem: null, type: 'image/jpeg' });
    expect((await findMedia(database.db, source!.hash!))?.width).toBe(1280);
  });

  test('a content system is asked for the size that is needed', async () => {
    await fetchImage(database.db, want('/media-library/a.jpg?id=3&width=600&height=400&coordinates=0%2C45'), now);
    expect(asked.at(-1)).toBe('/media-library/a.jpg?id=3&width=1280&height=720&coordinates=0%2C45');
  });

  test('what cannot be had says why, and is kept as that', async () => {
    expect(await fetchImage(database.db, want('/gone.jpg'), now)).toContain('the server answered 403 (it refuses us)');
    expect((await mediaSources(database.db, ['/gone.jpg']))[0]).toMatchObject({
      hash: null,
      problem: expect.stringContaining('403'),
    });
    const { rows } = await sql<{ count: number }>`select count(*)::int as count from media`.execute(database.db);
    expect(rows[0]?.count).toBe(1);
  });
});

test('a part is cut around a point, after the picture was turned upright, and never beyond its edge', async () => {
  const halves = sharp({ create: { width: 600, height: 300, channels: 3, background: '#f00' } }).composite([
    { input: { create: { width: 300, height: 300, channels: 3, background: '#00f' } }, left: 300, top: 0 },
  ]);
  // On its side: upright, red is above and blue below.
  const turned = await sharp(await halves.png().toBuffer())
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
  const mean = async (framing: { x: number; y: number; zoom: number }) => {
    const { bytes, width, height } = await makeImage(turned, { width: 200, height: 100 }, framing);
    const { channels } = await sharp(bytes).stats();
    return [Math.round(width / height), ...channels.map((channel) => Math.round(channel.mean / 85))];
  };
  expect(await mean({ x: 50, y: 0, zoom: 1 })).toEqual([2, 3, 0, 0]);
  expect(await mean({ x: 100, y: 100, zoom: 4 })).toEqual([2, 0, 0, 3]);
});
