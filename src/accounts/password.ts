import { RoundupError } from '../platform/errors.ts';

// Passwords are kept as argon2id (RFC 9106), with the parameters that OWASP's cheat sheet names first: 19 MiB, two passes, one
// lane. The work is done outside the event loop.

const MIN_CHARACTERS = 12;
const MAX_BYTES = 512;
const ARGON2ID = 2;
const OPTIONS = { algorithm: ARGON2ID, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Throws `input-invalid` where it is too weak to be one. */
export function checkPassword(password: string, about: { address: string; name: string }): void {
  if ([...password].length < MIN_CHARACTERS) throw weak(`it has fewer than ${MIN_CHARACTERS} characters`);
  if (Buffer.byteLength(password) > MAX_BYTES) throw weak(`it is longer than ${MAX_BYTES} bytes`);
  if (new Set(password).size < 5) throw weak('it is the same few characters again and again');
  const folded = password.toLowerCase();
  const [local = ''] = about.address.toLowerCase().split('@');
  const guessable = [local, about.name.toLowerCase(), 'password', 'roundup'].filter((word) => word.length > 3);
  const rest = guessable.reduce((text, word) => text.replaceAll(word, ''), folded);
  if (rest.length < 6) throw weak('it is little more than a name');
}

function weak(why: string): RoundupError {
  return new RoundupError('input-invalid', `This password will not do: ${why}.`, {
    hint: 'Four or five words that do not belong together are easy to remember and hard to guess.',
  });
}

export async function hashPassword(password: string): Promise<string> {
  const { hash } = await import('@node-rs/argon2');
  return hash(password, OPTIONS);
}

/** Takes as long where there is no hash to check: nobody is to learn from the time who has an account. */
export async function isPassword(hash: string | null, password: string): Promise<boolean> {
  const { verify } = await import('@node-rs/argon2');
  if (Buffer.byteLength(password) > MAX_BYTES) return false;
  const known = await verify(hash ?? (await nobodysHash()), password);
  return hash !== null && known;
}

let nobodys: Promise<string> | undefined;

function nobodysHash(): Promise<string> {
  return (nobodys ??= hashPassword('nobody has this password'));
}
