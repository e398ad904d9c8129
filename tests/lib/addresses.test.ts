import fc from 'fast-check';
import { domainOf, parseAddress } from '../../src/lib/addresses.ts';

test.each([
  [' Reader@Example.ORG ', 'Reader@example.org'],
  ["o'brien+tag@example.org", "o'brien+tag@example.org"],
  ['user@bücher.example', 'user@xn--bcher-kva.example'],
  ['δοκιμή@example.org', 'δοκιμή@example.org'],
  ['a@example.org.', 'a@example.org'],
])('%p is kept as %p', (text, kept) => {
  expect(parseAddress(text)).toBe(kept);
});

test.each([
  '',
  'plain',
  '@example.org',
  'a@',
  'a@localhost',
  'a@127.0.0.1',
  'a@[127.0.0.1]',
  'two@at@example.org',
  '"quoted"@example.org',
  '"a@evil.example"@example.org',
  '.a@example.org',
  'a.@example.org',
  'a..b@example.org',
  'a b@example.org',
  'a\r\nBcc: b@example.org',
  'a@exam\u0000ple.org',
  'a<b@example.org',
  `${'x'.repeat(65)}@example.org`,
  `a@${'x'.repeat(64)}.org`,
  `a@${'x.'.repeat(130)}org`,
  'a@-x.org',
  'a\u200b@example.org',
])('%p is refused', (text) => {
  expect(parseAddress(text)).toBeUndefined();
});

test('whatever comes in, what comes out is parsed to itself and can stand in an envelope', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'grapheme' }), fc.emailAddress()), (text) => {
      const address = parseAddress(text);
      if (address === undefined) return;
      expect(parseAddress(address)).toBe(address);
      expect(address).not.toMatch(/[\p{Cc}<>\s]/u);
      expect(domainOf(address)).toMatch(/^[a-z0-9.-]+$/);
    }),
    { numRuns: 2_000 },
  );
});
