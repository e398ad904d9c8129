import { httpUrl, urlKey } from '../../src/lib/url.ts';

const same = [
  'https://example.org/2026/story',
  'http://example.org/2026/story/',
  'https://www.example.org/2026/story?utm_source=feed&utm_medium=rss',
  'HTTPS://EXAMPLE.ORG/2026/story#comments',
  'https://example.org/2026/story?fbclid=1&mc_cid=2',
];

test('the addresses of one page have one key', () => {
  expect(new Set(same.map((text) => urlKey(httpUrl(text)!)))).toEqual(new Set(['example.org/2026/story']));
});

test('what tells pages apart stays in the key', () => {
  expect(urlKey('https://example.org/?p=1')).not.toBe(urlKey('https://example.org/?p=2'));
  expect(urlKey('https://example.org/Story')).not.toBe(urlKey('https://example.org/story'));
  expect(urlKey('https://example.org/?b=2&a=1')).toBe(urlKey('https://example.org/?a=1&b=2'));
});

test.each([
  'javascript:alert(1)',
  'data:text/html,x',
  'ftp://example.org/',
  'https://user:pass@example.org/',
  'not a url',
  '',
])('%p is no web address', (text) => {
  expect(httpUrl(text)).toBeUndefined();
});

test('a relative address is resolved against its feed', () => {
  expect(httpUrl('/a?b=c', 'https://example.org/feed')).toBe('https://example.org/a?b=c');
});
