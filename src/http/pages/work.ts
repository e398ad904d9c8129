import { createHmac } from 'node:crypto';
import { createChallenge, randomInt, verifySolution } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import { parseJson } from '../../lib/json.ts';
import { MINUTE_MS } from '../../lib/time.ts';
import type { SigningKeys } from '../../lib/tokens.ts';
import { type Database, takeFromLimit } from '../../platform/database/index.ts';

// Proof of work (ALTCHA 3): asked for where more sign-ups come in than people make. A browser needs a second or two for it; nobody
// is asked to read letters off a picture, and nothing is asked of anybody else's server.

const LIFE_MS = 10 * MINUTE_MS;
/** Rounds of PBKDF2 for each guess, and how many guesses it takes. */
const COST = 1_000;
const FEWEST = 1_500;
const MOST = 4_000;
const LONGEST = 5_000;

/** A piece of work, signed, good for ten minutes and once. */
export async function newWork(keys: SigningKeys): Promise<object> {
  return createChallenge({
    algorithm: 'PBKDF2/SHA-256',
    cost: COST,
    counter: randomInt(MOST, FEWEST),
    deriveKey,
    expiresAt: new Date(Date.now() + LIFE_MS),
    hmacSignatureSecret: secretOf(keys, 'work'),
    hmacKeySignatureSecret: secretOf(keys, 'work done'),
  });
}

type Payload = Pick<Parameters<typeof verifySolution>[0], 'challenge' | 'solution'>;

/** Is it the solution of one of ours, in time, and the first time that it comes? */
export async function isWorkDone(db: Database, keys: SigningKeys, text: string): Promise<boolean> {
  if (text === '' || text.length > LONGEST) return false;
  const payload = parseJson(Buffer.from(text, 'base64').toString('utf8')) as Partial<Payload> | undefined;
  if (typeof payload?.challenge !== 'object' || typeof payload.solution !== 'object') return false;
  try {
    const { verified } = await verifySolution({
      challenge: payload.challenge,
      solution: payload.solution,
      deriveKey,
      hmacSignatureSecret: secretOf(keys, 'work'),
      hmacKeySignatureSecret: secretOf(keys, 'work done'),
    });
    if (!verified) return false;
  } catch {
    // What is no challenge at all.
    return false;
  }
  // Its signature is its name: nothing of it can be written otherwise.
  return (
    (await takeFromLimit(db, `work ${String(payload.challenge.signature)}`, { count: 1, perMs: 2 * LIFE_MS })) === 0
  );
}

function secretOf({ current }: SigningKeys, purpose: string): string {
  return createHmac('sha256', current.secret).update(purpose).digest('hex');
}
