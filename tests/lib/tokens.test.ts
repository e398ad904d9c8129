import { type SigningKeys, signToken, signingWith, verifyToken } from '../../src/lib/tokens.ts';

const key = (id: string) => ({ id, secret: Buffer.from(`the secret of ${id}, long enough to be one`) });
const keys: SigningKeys = { current: key('k2'), retired: [key('k1')] };
const old: SigningKeys = { current: key('k1'), retired: [] };

test('a token gives back what it was signed with', () => {
  expect(verifyToken(keys, 'unsubscribe', signToken(keys, 'unsubscribe', [7, 123_456, 0]))).toEqual([7, 123_456, 0]);
});

test('THREATS 29: a token for one purpose is none for another', () => {
  const token = signToken(keys, 'unsubscribe', [1, 2, 3]);
  expect(verifyToken(keys, 'preferences', token)).toBeUndefined();
  expect(verifyToken(keys, 'view', token)).toBeUndefined();
});

test('THREATS 29: no change of a single character survives', () => {
  const token = signToken(keys, 'unsubscribe', [1, 2, 3]);
  for (let i = 0; i < token.length; i++) {
    const other = token[i] === 'a' ? 'b' : 'a';
    expect(verifyToken(keys, 'unsubscribe', token.slice(0, i) + other + token.slice(i + 1))).toBeUndefined();
  }
});

test('a retired key is good for unsubscribing, for ever, and for nothing else', () => {
  expect(verifyToken(keys, 'unsubscribe', signToken(old, 'unsubscribe', [5]))).toEqual([5]);
  expect(verifyToken(keys, 'preferences', signToken(old, 'preferences', [5]))).toBeUndefined();
});

test('what was begun with a key that is retired now is finished with it', () => {
  const before = signToken(old, 'message-id', [1, 2]);
  expect(signToken(signingWith(keys, 'k1'), 'message-id', [1, 2])).toBe(before);
});

test.each(['', '.', '..', 'k2', 'k2.1', 'k2.1.', '💥.1.x', `k2.${'1'.repeat(500)}.x`])(
  '%p is no token and no error',
  (text) => {
    expect(verifyToken(keys, 'unsubscribe', text)).toBeUndefined();
  },
);
