import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import MailComposer from 'nodemailer/lib/mail-composer';
import PostalMime, { type Email } from 'postal-mime';
import { mailboxValue } from '../../src/platform/mime/index.ts';
import { type Cut, fill, splice } from '../../src/rendering/index.ts';
import { gapValues, render, stencilOf } from '../support/edition.ts';
import { HOSTILE } from '../support/xss.ts';

const rendered = await render();
const message = (values = gapValues()) => splice(stencilOf(rendered), values);

test('the same reader gets the same bytes, again and again', () => {
  expect(message().equals(message())).toBe(true);
});

test('a mail is ASCII in lines of at most 998 bytes, none of which begins with a dot, with no line end of its own', () => {
  const lines = message().toString('latin1').split('\r\n');
  for (const line of lines) {
    expect(line.length).toBeLessThanOrEqual(998);
    expect(line).not.toMatch(/^\.|[\r\n]|[^\t -~]/);
  }
  expect(lines.at(-1)).toMatch(/^--=_[0-9a-f]+--$/);
});

test('a very long name is folded', () => {
  const to = mailboxValue('To', { name: '漢'.repeat(200), address: 'reader@example.net' });
  for (const line of message(gapValues({ to })).toString().split('\r\n')) expect(line.length).toBeLessThanOrEqual(200);
});

const REQUIRED = [
  'from',
  'to',
  'subject',
  'date',
  'message-id',
  'list-id',
  'list-unsubscribe',
  'list-unsubscribe-post',
  'feedback-id',
  'mime-version',
  'content-type',
];

test('postal-mime reads both parts and every header', async () => {
  const mail = await PostalMime.parse(
    message(gapValues({ to: mailboxValue('To', { name: 'Søren Ødegård, 雪', address: 'reader@example.net' }) })),
  );
  for (const name of REQUIRED) expect(mail.headers.filter(({ key }) => key === name)).toHaveLength(1);
  expect(mail.to).toEqual([{ name: 'Søren Ødegård, 雪', address: 'reader@example.net' }]);
  const header = (name: string) => mail.headers.find(({ key }) => key === name)?.value;
  expect(header('list-unsubscribe')).toBe('<https://news.example.org/u/k1.1.2.3.unsub>');
  expect(header('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click');
  expect(header('list-id')).toBe('The Weekly <weekly.example.org>');
  expect(mail.text).toContain('reader@example.net');
  expect(mail.html).toContain('https://news.example.org/u/k1.1.2.3.unsub');
});

test("Python's email reads the same", () => {
  const script = `import sys,json,email,email.policy
m=email.message_from_binary_file(sys.stdin.buffer,policy=email.policy.default)
def defects(p): return [str(d) for d in p.defects]+[d for q in (p.iter_parts() if p.is_multipart() else []) for d in defects(q)]
print(json.dumps({'headers':[k.lower() for k in m.keys()],'to':str(m['to']),'subject':str(m['subject']),'text':m.get_body(('plain',)).get_content(),'html':m.get_body(('html',)).get_content(),'defects':defects(m)}))`;
  const to = mailboxValue('To', { name: 'Søren Ødegård', address: 'reader@example.net' });
  let out: string;
  try {
    out = execFileSync('python3', ['-c', script], { input: message(gapValues({ to })) }).toString();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const mail = JSON.parse(out) as {
    headers: string[];
    to: string;
    subject: string;
    text: string;
    html: string;
    defects: string[];
  };
  expect(mail.headers).toEqual(expect.arrayContaining(REQUIRED));
  expect(mail).toMatchObject({ to: 'Søren Ødegård <reader@example.net>', subject: 'A headline', defects: [] });
  const values = gapValues();
  expect(mail.text.trimEnd()).toBe(fill(rendered.text, (gap) => values[gap]).trimEnd());
  expect(mail.html.trimEnd()).toBe(fill(rendered.html, (gap) => values[gap]).trimEnd());
});

describe('what the stencil makes equals, parsed, what nodemailer composes of the same', () => {
  const marker = /./.source;
  const content = fc
    .array(
      fc.oneof(
        fc.string({ unit: 'grapheme', maxLength: 80 }),
        fc.constantFrom(
          '.',
          '\n.\n',
          '\n..',
          '{{unsubscribeToken}}',
          `g${marker}x0x`,
          ' \n',
          'From me',
          '\t',
          '=3D',
          '='.repeat(90),
          'x'.repeat(1_500),
          '<b>&amp;</b>',
          ...HOSTILE,
        ),
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join(''));
  const gap = fc.constantFrom(
    { gap: 'unsubscribeToken' as const },
    { gap: 'preferencesToken' as const },
    { gap: 'address' as const },
  );
  const cut: fc.Arbitrary<Cut> = fc
    .array(fc.oneof(content, gap), { minLength: 1, maxLength: 8 })
    .map((parts) => parts.filter((part) => part !== ''));
  const word = fc.string({ unit: 'grapheme', maxLength: 60 });
  const local = fc.stringMatching(/^[a-z0-9_+'.-]{1,40}$/).filter((text) => !/^\.|\.$|\.\./.test(text));
  const token = fc.stringMatching(/^[a-z0-9.]{1,120}$/);

  test('for 1,000 recipients and contents', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          name: word,
          local,
          subject: word,
          html: cut,
          text: cut,
          unsubscribeToken: token,
          preferencesToken: token,
        }),
        async (given) => {
          const address = `${given.local}@example.net`;
          const values = gapValues({
            to: mailboxValue('To', { name: given.name, address }),
            address,
            unsubscribeToken: given.unsubscribeToken,
            preferencesToken: given.preferencesToken,
          });
          const ours = splice(stencilOf({ ...given, hash: 'abcdef0123456789abcdef01' }), values);
          const html = fill(given.html, (name) =>
            name === 'address' ? values.address.replaceAll("'", '&#39;') : values[name],
          );
          const text = fill(given.text, (name) => values[name]);
          const theirs = await new MailComposer({
            from: { name: 'The Test Review', address: 'news@example.org' },
            to: { name: clean(given.name), address },
            subject: clean(given.subject),
            date: new Date('2026-11-26T09:00:00Z'),
            messageId: '<one@example.org>',
            text: text.toWellFormed(),
            html: html.toWellFormed(),
            newline: 'windows',
            disableFileAccess: true,
            disableUrlAccess: true,
          })
            .compile()
            .build();
          const [one, other] = await Promise.all([PostalMime.parse(ours), PostalMime.parse(theirs)]);
          expect(essence(one)).toEqual(essence(other));
        },
      ),
      { numRuns: 1_000 },
    );
  }, 120_000);

  /** One line, as every header value is made. */
  const clean = (text: string) =>
    text
      .toWellFormed()
      .normalize('NFC')
      .replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+/gu, ' ')
      .replace(/\s+/gu, ' ')
      .trim();

  /** What a reader sees: the bodies up to their line ends, which the two write differently at the very end. */
  function essence(mail: Email) {
    const body = (text: string | undefined) => (text ?? '').replace(/\r\n|\r/g, '\n').replace(/\n+$/, '');
    return {
      from: mail.from,
      to: mail.to,
      subject: mail.subject ?? '',
      date: mail.date,
      messageId: mail.messageId,
      text: body(mail.text),
      html: body(mail.html),
    };
  }
});
