import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { seal, unseal } from '../../lib/seal.ts';
import type { SigningKeys } from '../../lib/tokens.ts';
import { type Database, sql } from '../../platform/database/index.ts';
import { RoundupError } from '../../platform/errors.ts';
import { type DkimKey, readDkimKey } from '../../platform/mime/index.ts';

// Keys that mail is signed with. A key is made, its record is put into the DNS, and from then on it is used; all keys of the
// sender's domain that are in use sign, so that an RSA and an Ed25519 key stand beside each other.

export interface ListedDkimKey {
  domain: string;
  selector: string;
  algorithm: DkimKey['algorithm'];
  /** What the DNS has to say: the value of the TXT record. */
  record: string;
  madeAt: Date;
  usedSince: Date | null;
  retiredAt: Date | null;
}

const PURPOSE = 'dkim';

/** Makes a key that is not in use yet. Throws `input-invalid` where the domain has one of this selector. */
export async function newDkimKey(
  db: Database,
  keys: SigningKeys,
  {
    domain,
    selector,
    algorithm,
    now,
  }: { domain: string; selector: string; algorithm: DkimKey['algorithm']; now: Date },
): Promise<ListedDkimKey> {
  const { privateKey, publicKey } =
    algorithm === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2_048 }) : generateKeyPairSync('ed25519');
  const sealed = seal(keys, PURPOSE, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  const shown = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const { numAffectedRows } = await sql`
    insert into dkim_keys (domain, selector, algorithm, private_key, public_key, made_at)
    values (${domain}, ${selector}, ${algorithm}, ${sealed}, ${shown}, ${now}) on conflict do nothing`.execute(db);
  if (numAffectedRows !== 1n) {
    throw new RoundupError('input-invalid', `${domain} has a key with the selector "${selector}" already.`, {
      hint: 'Choose another one with --selector.',
    });
  }
  return {
    domain,
    selector,
    algorithm,
    record: recordOf(algorithm, shown),
    madeAt: now,
    usedSince: null,
    retiredAt: null,
  };
}

export async function listDkimKeys(db: Database): Promise<ListedDkimKey[]> {
  const { rows } = await sql<Omit<ListedDkimKey, 'record'> & { publicKey: string }>`
    select domain, selector, algorithm, public_key as "publicKey", made_at as "madeAt", used_since as "usedSince",
      retired_at as "retiredAt" from dkim_keys order by domain, made_at`.execute(db);
  return rows.map(({ publicKey, ...row }) => ({ ...row, record: recordOf(row.algorithm, publicKey) }));
}

/** From now on mail is signed with it. False where there is no such key. */
export async function useDkimKey(db: Database, domain: string, selector: string, now: Date): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update dkim_keys set used_since = coalesce(used_since, ${now}), retired_at = null
    where domain = ${domain} and selector = ${selector}`.execute(db);
  return numAffectedRows === 1n;
}

/** From now on it is not used any more; its record should stay for as long as mails signed with it are under way. */
export async function retireDkimKey(db: Database, domain: string, selector: string, now: Date): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update dkim_keys set retired_at = ${now}
    where domain = ${domain} and selector = ${selector} and retired_at is null`.execute(db);
  return numAffectedRows === 1n;
}

/** The keys in use of a sender's domain. Throws where one of them cannot be read: unsigned mail is not what was wanted. */
export async function dkimKeysFor(db: Database, keys: SigningKeys, domain: string): Promise<DkimKey[]> {
  const { rows } = await sql<{ selector: string; algorithm: DkimKey['algorithm']; sealed: string }>`
    select selector, algorithm, private_key as sealed from dkim_keys
    where domain = ${domain} and used_since is not null and retired_at is null order by algorithm desc, selector`.execute(
    db,
  );
  return rows.map(({ selector, algorithm, sealed }) => {
    const pem = unseal(keys, PURPOSE, sealed);
    if (pem !== undefined) return { domain, selector, algorithm, key: readDkimKey(pem) };
    throw new RoundupError('config-invalid', `The DKIM key ${selector} of ${domain} cannot be opened with SECRETS.`, {
      hint: `Put the secret back that it was made with, or retire it: roundup dkim retire ${domain} ${selector}`,
    });
  });
}

/** RFC 6376 3.6.1; RFC 8463 4: an Ed25519 key is its bare 32 bytes. */
function recordOf(algorithm: DkimKey['algorithm'], publicKey: string): string {
  const der = createPublicKey(publicKey).export({ type: 'spki', format: 'der' });
  const bytes = algorithm === 'rsa' ? der : der.subarray(-32);
  return `v=DKIM1; k=${algorithm}; p=${bytes.toString('base64')}`;
}
