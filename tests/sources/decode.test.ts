import { decodeText } from '../../src/sources/decode.ts';

const latin1 = (text: string) => Buffer.from(text, 'latin1');

test.each([
  ['UTF-8, whatever the header says', Buffer.from('Zoë – café'), 'text/xml; charset=iso-8859-1', 'Zoë – café'],
  ['what the header says', latin1('Zoë café'), 'text/xml; charset=iso-8859-1', 'Zoë café'],
  ['what the prolog says', latin1('<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'), 'text/xml', '>é<'],
  [
    'the prolog, where the header is wrong',
    latin1('<?xml version="1.0" encoding="ISO-8859-1"?><a>Zoë</a>'),
    'text/xml; charset=utf-8',
    'Zoë',
  ],
  [
    'what the meta element says',
    latin1('<html><meta charset="windows-1252"><p>Zo\xeb \x93q\x94'),
    'text/html',
    'Zoë “q”',
  ],
  [
    'a byte order mark over all',
    Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('é雪', 'utf16le')]),
    'text/xml; charset=utf-8',
    'é雪',
  ],
  ['UTF-16 without its mark', Buffer.from('<?xml version="1.0"?><a>雪</a>', 'utf16le'), '', '雪'],
  ['a charset that nobody knows', Buffer.from('café'), 'text/xml; charset=x-nonsense', 'café'],
  [
    'ISO-2022-JP, which is ASCII to the eye',
    Buffer.from('\x1b$B@c\x1b(B', 'latin1'),
    'text/xml; charset=iso-2022-jp',
    '雪',
  ],
])('%s', (_, bytes, contentType, text) => {
  expect(decodeText(bytes, contentType)).toContain(text);
});

test('bytes that say nothing are taken for what they look like', () => {
  const cyrillic = Buffer.from(
    [...'Правительство обсуждает новый закон о разведке, который вступит в силу в следующем году. '.repeat(5)].map(
      (letter) => {
        const code = letter.codePointAt(0)!;
        return code < 128 ? code : code - 0x350;
      },
    ),
  );
  expect(decodeText(cyrillic, '')).toContain('Правительство обсуждает');
  expect(decodeText(Buffer.from([0x80, 0xff, 0xfe, 0x00, 0x9d]), '')).toBeDefined();
});
