import fc from 'fast-check';
import PostalMime from 'postal-mime';
import { encodeQuotedPrintable, mailboxHeader, phrase, textHeader } from '../../src/platform/mime/index.ts';

const anyText = fc.string({ unit: 'grapheme', maxLength: 400 });
const hostile = fc
  .array(
    fc.oneof(
      anyText,
      fc.constantFrom(
        '\r\n',
        '\n',
        '\r',
        '\0',
        '=?utf-8?q?x?=',
        'Bcc: a@b.example',
        ' ',
        '\u2028',
        '"',
        '\\',
        '<>',
        'x'.repeat(1_200),
      ),
    ),
  )
  .map((parts) => parts.join(''));

describe('quoted-printable', () => {
  const decode = (text: string) =>
    Buffer.from(
      text
        .replace(/=\r\n/g, '')
        .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
      'latin1',
    ).toString('utf8');

  test('decodes to what went in, in short lines, none of which begins with a dot or "From "', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const encoded = encodeQuotedPrintable(text);
        expect(decode(encoded)).toBe(text.toWellFormed().replace(/\r\n|\n|\r/g, '\r\n'));
        for (const line of encoded.split('\r\n')) {
          expect(line.length).toBeLessThanOrEqual(76);
          expect(line).not.toMatch(/^\.|^From |[ \t]$|[^\t -~]/);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('lone dots, From lines and trailing spaces are encoded', () => {
    expect(encodeQuotedPrintable('.\n..\nFrom me\nend \n')).toBe('=2E\r\n=2E.\r\n=46rom me\r\nend=20\r\n');
  });
});

describe('THREATS 14: every header value goes through one encoder', () => {
  test('whatever the text, one header comes out, in short lines, and no more', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, hostile, async (subject, name) => {
        const raw = [
          textHeader('Subject', subject),
          mailboxHeader('From', { name, address: 'a@example.org' }),
          '',
          'x',
        ].join('\r\n');
        const parsed = await PostalMime.parse(raw);
        expect(parsed.headers.map((header) => header.key)).toEqual(['subject', 'from']);
        expect(parsed.from?.address).toBe('a@example.org');
        for (const line of raw.split('\r\n')) expect(line.length).toBeLessThanOrEqual(78);
        expect(raw).not.toMatch(/[^\t\r\n -~]|\r(?!\n)|(?<!\r)\n/);
      }),
      { numRuns: 300 },
    );
  });

  test('names and subjects in Unicode arrive as they were', async () => {
    for (const text of [
      'Zoë Łukasik',
      'زينب',
      '雪',
      'O\'Leary, "Jr."',
      'a=?b',
      'plain',
      '👩‍👩‍👧 family '.repeat(12).trim(),
    ]) {
      const raw = [
        textHeader('Subject', text),
        mailboxHeader('To', { name: text, address: 'a@example.org' }),
        '',
        'x',
      ].join('\r\n');
      const parsed = await PostalMime.parse(raw);
      expect(parsed.subject).toBe(text);
      expect(parsed.to?.[0]?.name).toBe(text);
    }
  });

  test('a phrase is an atom, a quoted string or encoded words', () => {
    expect([phrase('The Weekly'), phrase('A.B, "C"'), phrase('é')]).toEqual([
      'The Weekly',
      '"A.B, \\"C\\""',
      '=?UTF-8?B?w6k=?=',
    ]);
  });
});
