import { addressesOf } from '../../src/media/address.ts';
import { imageKey } from '../../src/pieces/index.ts';
import { parseFeed } from '../../src/sources/feed/index.ts';

// Feeds of RebelMouse: a lead image and the whole body where others have a summary, with shortcodes, captions and credits as
// paragraphs of their own. Written after its markup; the words are ours.

const lead =
  'https://review.example/media-library/a-ship.jpg?id=34283984&amp;width=1200&amp;height=800&amp;coordinates=0%2C45%2C0%2C45';
const body = `<img src="${lead}"/><br/><br/><p class="shortcode-media shortcode-media-rebelmouse-image">
<img alt="A tanker" class="rm-shortcode" data-rm-shortcode-id="1" src="https://review.example/media-library/tanker.png?id=2&amp;width=980"/>
<small class="image-media media-caption" placeholder="Add Photo Caption...">A caption that is no sentence of the piece.</small>
<small class="image-media media-photo-credit" placeholder="Add Photo Credit...">
            Jane Doe / Example Pictures
        </small></p>
<p>[shortcode-InText-Newsletter id="4"]</p><p class="shortcode-media shortcode-media-youtube"></p>
<p>The first sentence of the piece says what it is. The second, by Gen. Smith of the U.S. Army, goes on, and so does the piece.</p>
<p>${'More of it follows here, and it is long. '.repeat(60)}</p>`;
const escaped = body
  .replaceAll('&', '&amp;')
  .replaceAll('<', '&lt;')
  .replaceAll('>', '&gt;')
  .replaceAll('&amp;amp;', '&amp;amp;');
const feed = (count: number) =>
  `<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Review</title>
  ${Array.from({ length: count }, (_, n) => `<item><title>Piece ${n}</title><link>https://review.example/piece-${n}/</link><guid>https://review.example/piece-${n}/</guid><pubDate>Fri, 20 Nov 2026 08:00:00 +0000</pubDate><author>Ana Author</author><category>Middle East</category><description>${escaped}</description><content:encoded></content:encoded></item>`).join('')}
  </channel></rss>`;
const read = (count = 1, url = 'https://review.example/feeds/feed.rss') => {
  const parsed = parseFeed(feed(count), url);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed;
};

test('the teaser is the first sentences, without shortcodes, captions and credits; the credit is the image’s', () => {
  const [piece] = read().pieces;
  expect(piece?.deck).toBe(
    'The first sentence of the piece says what it is. The second, by Gen. Smith of the U.S. Army, goes on, and so does the piece.',
  );
  expect(piece?.deckIsGiven).toBe(false);
  expect(piece?.body).not.toMatch(/caption that|Jane Doe|shortcode/);
  expect(piece?.readingMinutes).toBeGreaterThan(1);
  expect(piece).toMatchObject({ region: 'Middle East', authors: ['Ana Author'] });
  expect(piece?.image).toEqual({
    url: 'https://review.example/media-library/a-ship.jpg?id=34283984&width=1200&height=800&coordinates=0%2C45%2C0%2C45',
    alt: '',
    credit: 'Jane Doe / Example Pictures',
  });
});

test('thirty a page, and the next one by number', () => {
  expect(read(30).next).toBe('https://review.example/feeds/feed.rss?page=2');
  expect(read(30, 'https://review.example/feeds/feed.rss?page=2').next).toBe(
    'https://review.example/feeds/feed.rss?page=3',
  );
  expect(read(12).next).toBeUndefined();
});

describe('media-library addresses', () => {
  const url =
    'https://review.example/media-library/a.jpg?id=3&width=1200&height=800&quality=90&coordinates=0%2C45%2C0%2C45';
  const signed = (expires: number) => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const payload = part({ image: 'https://assets.rbl.ms/66/origin.png', expires_at: expires });
    return `https://review.example/media-library/${part({ alg: 'HS256' })}.${payload}.sig/image.png?width=210`;
  };

  test('are asked for in the size that is needed, and keep their %2C', () => {
    expect(addressesOf(url, { width: 400, height: 300 })[0]).toBe(
      'https://review.example/media-library/a.jpg?id=3&width=400&height=300&quality=90&coordinates=0%2C45%2C0%2C45',
    );
    expect(addressesOf('https://other.example/a.jpg?width=9', { width: 400, height: 300 })).toEqual([
      'https://other.example/a.jpg?width=9',
    ]);
  });

  test('that are signed lead to the picture itself where they have expired', () => {
    expect(addressesOf(signed(1), { width: 400, height: 300 }).at(-1)).toBe('https://assets.rbl.ms/66/origin.png');
  });

  test('are one picture whatever the size, crop or signature, and two for two ids under one name', () => {
    expect(imageKey(url)).toBe(imageKey(url.replace('width=1200', 'width=7').replace('0%2C45', '1%2C2')));
    expect(imageKey(signed(1))).toBe(imageKey(signed(2)));
    expect(imageKey(url)).not.toBe(imageKey(url.replace('id=3', 'id=4')));
  });
});
