import { differenceOf, recordAct } from '../audit/index.ts';
import { httpUrl } from '../lib/url.ts';
import { RoundupError } from '../platform/errors.ts';
import {
  type Source,
  type SourceKind,
  findSource,
  insertSource,
  listSources,
  sealKey,
  updateSource,
} from '../sources/index.ts';
import type { Database } from '../platform/database/index.ts';
import type { Newsroom } from './newsroom.ts';

type Parts = Pick<Newsroom, 'db' | 'clock' | 'keys'>;

export interface WantedSource {
  name: string;
  url: string;
  kind: SourceKind;
  isLocal: boolean;
  completes: boolean;
  /** An API key, in clear. */
  key?: string | undefined;
}

/** Throws `input-invalid` for what is no web address, `state-refused` where its name or address is taken. */
export async function addSource({ db, keys }: Parts, { key, ...wanted }: WantedSource, by: string): Promise<Source> {
  const url = webAddress(wanted.url);
  return db.transaction().execute(async (tx) => {
    const secret = key === undefined ? null : sealKey(keys, key);
    const source = await insertSource(tx, { ...wanted, url, secret });
    if (source === undefined)
      throw new RoundupError(
        'state-refused',
        `There is a source named "${wanted.name}" or with this address already.`,
        {
          hint: 'Give it another name; see: roundup source list',
        },
      );
    const { name, kind } = source;
    await recordAct(tx, {
      actor: by,
      act: 'source added',
      subject: `source ${source.id}`,
      detail: { name, url, kind },
    });
    return source;
  });
}

export interface SourceChange {
  name?: string | undefined;
  url?: string | undefined;
  isLocal?: boolean | undefined;
  completes?: boolean | undefined;
  paused?: boolean | undefined;
  key?: string | undefined;
}

/** Changes what is given. Throws `not-found`, `input-invalid`, or `state-refused` where a name or address is taken. */
export async function changeSource(
  { db, clock, keys }: Parts,
  id: number,
  { key, paused, ...given }: SourceChange,
  by: string,
): Promise<Source> {
  const url = given.url === undefined ? undefined : webAddress(given.url);
  return db.transaction().execute(async (tx) => {
    const before = await getSource(tx, id);
    await refuseTaken(tx, id, { name: given.name, url });
    if (url !== undefined && key === undefined) refuseOtherHost(before, url);
    await updateSource(tx, id, {
      ...(given.name === undefined ? {} : { name: given.name }),
      ...(url === undefined ? {} : { url }),
      ...(given.isLocal === undefined ? {} : { isLocal: given.isLocal }),
      ...(given.completes === undefined ? {} : { completes: given.completes }),
      ...(paused === undefined ? {} : { pausedAt: paused ? (before.pausedAt ?? clock.now()) : null }),
      ...(key === undefined ? {} : { secret: sealKey(keys, key) }),
    });
    const after = await getSource(tx, id);
    const detail = differenceOf(shown(before), shown(after));
    await recordAct(tx, {
      actor: by,
      act: 'source changed',
      subject: `source ${id}`,
      detail: key === undefined ? detail : { ...detail, key: 'another one' },
    });
    return after;
  });
}

/** Throws `not-found`. */
export async function getSource(db: Database, id: number): Promise<Source> {
  const source = await findSource(db, id);
  if (source !== undefined) return source;
  throw new RoundupError('not-found', `There is no source ${id}.`, {
    hint: 'See which there are with: roundup source list',
  });
}

/** A key is nobody's business, and validators are the fetcher's. */
function shown({ name, url, isLocal, completes, pausedAt }: Source) {
  return { name, url, isLocal, completes, pausedAt };
}

/** A key is for the host that it was given for. */
function refuseOtherHost({ url: before, secret, name }: Source, url: string): void {
  if (secret === null || new URL(before).host === new URL(url).host) return;
  throw new RoundupError(
    'input-invalid',
    `The key of "${name}" is for ${new URL(before).host}, not for ${new URL(url).host}.`,
    {
      hint: 'Give the key for the new address together with it.',
    },
  );
}

function webAddress(text: string): string {
  const url = httpUrl(text);
  if (url !== undefined) return url;
  throw new RoundupError('input-invalid', `"${text.slice(0, 200)}" is not a web address.`, {
    hint: 'It begins with http:// or https://',
  });
}

async function refuseTaken(
  db: Database,
  id: number,
  wanted: { name: string | undefined; url: string | undefined },
): Promise<void> {
  const others = (await listSources(db)).filter((source) => source.id !== id);
  const taken = others.find(({ name, url }) => name === wanted.name || url === wanted.url);
  if (taken !== undefined) throw new RoundupError('state-refused', `The source "${taken.name}" has that already.`);
}
