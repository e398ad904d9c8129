import fc from 'fast-check';
import { firstImage, htmlToText } from '../../src/lib/html.ts';
import { oneLine, readingMinutes, teaser } from '../../src/lib/text.ts';

test('a teaser is whole sentences', () => {
  expect(teaser('First sentence here. Second one follows. Third is too long to fit.', 45)).toBe(
    'First sentence here. Second one follows.',
  );
});

test('where no sentence fits, a teaser is whole words and an ellipsis', () => {
  expect(teaser('A single sentence that goes on and on without an end', 20)).toBe('A single sentence…');
});

test('a teaser never exceeds its length and never cuts a character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.integer({ min: 5, max: 80 }), (text, max) => {
      const short = teaser(text, max);
      expect(short.length).toBeLessThanOrEqual(max);
      expect(short.isWellFormed()).toBe(true);
    }),
  );
});

test('one line of text holds no control or direction-changing characters', () => {
  expect(oneLine('a\r\nb\u0000c\u202ed\u2066e\tf')).toBe('a b c d e f');
});

test('scripts, styles and captions are no text; blocks are lines', () => {
  expect(
    htmlToText(
      '<p>One &amp; two</p><script>x()</script><style>y</style><p>three<br>four</p><figcaption>cap</figcaption>',
    ),
  ).toBe('One & two\nthree\nfour');
});

test('the first image is the first that is not a pixel', () => {
  expect(firstImage('<img src="t.gif" width="1" height="1"><p><img src="a.jpg" alt="A"></p>')).toEqual({
    url: 'a.jpg',
    alt: 'A',
    credit: '',
  });
});

test('reading time counts words of any script and is a minute at least', () => {
  expect(readingMinutes('')).toBe(1);
  expect(readingMinutes('word '.repeat(920))).toBe(4);
  expect(readingMinutes('今日は良い天気です。'.repeat(100))).toBeGreaterThan(1);
});
