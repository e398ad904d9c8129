import { generateKeyPairSync, verify as verifySignature } from 'node:crypto';
import { createHash } from 'node:crypto';
import { type DkimKey, signMessage } from '../../src/platform/mime/index.ts';

// Checked by a verifier of its own, written from RFC 6376 for this test; the suite `interop` has others check real mail.

const at = new Date('2026-11-26T09:00:00Z');
const message = Buffer.from(
  [
    'From: "The  Review" <weekly@example.org>',
    'To: Reader\r\n One <reader@example.net>',
    'Subject: A   folded\r\n\tsubject',
    'Date: Thu, 26 Nov 2026 09:00:00 +0000',
    'List-Unsubscribe: <https://news.example.org/u/abc>',
    'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
    'X-Unsigned: yes',
    '',
    'A body with  two spaces',
    '',
    'and an end',
  ].join('\r\n'),
);
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const ed25519 = generateKeyPairSync('ed25519');
const key = (algorithm: DkimKey['algorithm']): DkimKey => ({
  domain: 'example.org',
  selector: algorithm,
  algorithm,
  key: algorithm === 'rsa' ? rsa.privateKey : ed25519.privateKey,
});

const textOf = (parts: Uint8Array[]) => Buffer.concat(parts).toString();
const relaxed = (value: string) =>
  value
    .replace(/\r\n/g, '')
    .replace(/[ \t]+/g, ' ')
    .trim();

/** The tags of each signature, and whether it holds for the message as given. */
function verify(signed: string): { tags: Record<string, string>; holds: boolean }[] {
  const [head = '', ...rest] = signed.split('\r\n\r\n');
  const body = `${rest.join('\r\n\r\n')}\r\n`;
  const fields = head.split(/\r\n(?![ \t])/).map((line) => {
    const colon = line.indexOf(':');
    return { name: line.slice(0, colon).toLowerCase(), value: line.slice(colon + 1) };
  });
  return fields
    .filter(({ name }) => name === 'dkim-signature')
    .map(({ value }) => {
      const tags = Object.fromEntries(
        value.split(';').map((tag) => {
          const [, name = '', content = ''] = /^\s*(\w+)\s*=([\s\S]*)$/.exec(tag) ?? [];
          return [name, content.replace(/\s+/g, '')];
        }),
      ) as Record<string, string>;
      const stacks = new Map<string, string[]>();
      for (const field of fields) stacks.set(field.name, [...(stacks.get(field.name) ?? []), field.value]);
      const lines = (tags.h ?? '').split(':').flatMap((name) => {
        const found = stacks.get(name)?.pop();
        return found === undefined ? [] : [`${name}:${relaxed(found)}\r\n`];
      });
      const input = Buffer.from(`${lines.join('')}dkim-signature:${relaxed(value.replace(/\bb=[\s\S]*$/, 'b='))}`);
      const signature = Buffer.from(tags.b ?? '', 'base64');
      const isOurs =
        tags.a === 'rsa-sha256'
          ? verifySignature('sha256', input, rsa.publicKey, signature)
          : verifySignature(null, createHash('sha256').update(input).digest(), ed25519.publicKey, signature);
      return { tags, holds: isOurs && tags.bh === createHash('sha256').update(body).digest('base64') };
    });
}

test('RSA and Ed25519 sign beside each other, and both hold', async () => {
  const signed = textOf(await signMessage(message, [key('rsa'), key('ed25519')], at));
  const results = verify(signed);
  expect(results.map(({ tags, holds }) => [tags.a, tags.d, tags.s, holds])).toEqual([
    ['rsa-sha256', 'example.org', 'rsa', true],
    ['ed25519-sha256', 'example.org', 'ed25519', true],
  ]);
  for (const line of signed.split('\r\n')) expect(line.length).toBeLessThanOrEqual(100);
});

test('one-click unsubscribing is signed (RFC 8058 4), and nobody can add a second From, To or Subject', async () => {
  const signed = textOf(await signMessage(message, [key('rsa')], at));
  const { tags } = verify(signed)[0]!;
  const names = (tags.h ?? '').split(':');
  expect(names).toEqual(expect.arrayContaining(['list-unsubscribe', 'list-unsubscribe-post']));
  expect(names).not.toContain('x-unsigned');
  for (const name of ['from', 'to', 'subject', 'list-unsubscribe-post'])
    expect(names.filter((one) => one === name)).toHaveLength(2);
  for (const added of ['From: evil@example.com', 'Subject: evil', 'To: evil@example.com'])
    expect(verify(`${added}\r\n${signed}`)[0]?.holds).toBe(false);
});

test('a changed body or header does not hold, a refolded header does', async () => {
  const signed = textOf(await signMessage(message, [key('rsa')], at));
  expect(verify(signed)[0]?.holds).toBe(true);
  expect(verify(signed.replace('and an end', 'and another end'))[0]?.holds).toBe(false);
  expect(verify(signed.replace('reader@example.net', 'other@example.net'))[0]?.holds).toBe(false);
  expect(verify(signed.replace('Subject: A   folded\r\n\tsubject', 'Subject: A folded\r\n subject'))[0]?.holds).toBe(
    true,
  );
});

test('the same message is signed with the same bytes, and without a key it goes out as it is', async () => {
  const sign = async (keys: DkimKey[]) => textOf(await signMessage(message, keys, at));
  expect(await sign([key('rsa'), key('ed25519')])).toBe(await sign([key('rsa'), key('ed25519')]));
  expect(await sign([])).toBe(message.toString());
});

test('a key that cannot sign is an error, not an unsigned mail', async () => {
  const broken = { ...key('rsa'), key: ed25519.privateKey };
  await expect(signMessage(message, [broken], at)).rejects.toThrow(/./);
});
