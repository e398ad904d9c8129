import { addressKey } from '../lib/addresses.ts';
import { type Statements, slot, sql } from '../platform/database/index.ts';
import { mailable, suppressionOf } from '../subscribers/index.ts';
import { partitionOf } from './audience.ts';
import { DOUBT_SECONDS } from './batches.ts';
import type { Settlement } from './delivery.ts';
import type { Parcel } from './parcel.ts';

// A turn of the books: one statement, and so one commit, that writes down what became of the mails of the last moments and
// marks the next ones as being handed over. While it runs, the next turn's rows gather; that is all the grouping there is.
// Running a turn twice is harmless, so that one whose answer was lost is simply run again.

/** One edition's part of a turn. */
export interface Turn {
  editionId: number;
  newsletterId: number;
  /** Of what the workers are sending: it must be what stands approved. */
  hash: string;
  settled: Parcel[];
  /** To be marked `handing`; once more, where they have been waiting since. */
  wanted: Parcel[];
}

/** What a parcel is given back as: nothing has been done with it. */
export const UNTOUCHED: Settlement = {
  state: 'planned',
  cause: null,
  reason: '',
  waitMs: 0,
  charged: false,
  relay: '',
};

/** A turn is one statement an edition. */
export function turnsOf(settled: Parcel[], wanted: Parcel[]): Turn[] {
  const turns = new Map<string, Turn>();
  const turnOf = ({ run: { posting } }: Parcel): Turn => {
    const { editionId, newsletterId, hash } = posting;
    const name = `${editionId} ${hash}`;
    const turn = turns.get(name) ?? { editionId, newsletterId, hash, settled: [], wanted: [] };
    turns.set(name, turn);
    return turn;
  };
  for (const parcel of settled) turnOf(parcel).settled.push(parcel);
  for (const parcel of wanted) turnOf(parcel).wanted.push(parcel);
  return [...turns.values()];
}

export type Grant = 'granted' | 'withdrawn' | 'not-ours';

/** Commits it. Gives an answer for each wanted row, in order. */
export async function runTurn(statements: Statements, turn: Turn): Promise<Grant[]> {
  const accepted = turn.settled.filter(({ settlement }) => settlement?.state === 'accepted');
  const others = turn.settled.filter(({ settlement }) => settlement?.state !== 'accepted');
  const statement = others.length > 0 ? 'all' : 'accepted';
  const rows = await statements.run<{ subscriberId: number; granted: boolean }>(
    `turn_${turn.editionId}_${statement}`,
    () => writeStatement(turn, others.length > 0),
    {
      acceptedBatches: accepted.map(({ run }) => run.key.batch),
      acceptedIds: accepted.map(({ row }) => row.subscriberId),
      acceptedClaims: accepted.map(({ run }) => run.key.claim),
      acceptedRelays: accepted.map(({ settlement }) => settlement?.relay),
      others: JSON.stringify(
        others.map(({ run: { key }, row, settlement = UNTOUCHED }) => ({
          batch: key.batch,
          id: row.subscriberId,
          // The address that was written to, which may be the reader's no more.
          key: addressKey(row.address),
          claim: key.claim,
          ...settlement,
        })),
      ),
      wantedBatches: turn.wanted.map(({ run }) => run.key.batch),
      wantedIds: turn.wanted.map(({ row }) => row.subscriberId),
      wantedClaims: turn.wanted.map(({ run }) => run.key.claim),
      hash: turn.hash,
    },
  );
  const answers = new Map(rows.map(({ subscriberId, granted }) => [subscriberId, granted]));
  return turn.wanted.map(({ row }) => {
    const granted = answers.get(row.subscriberId);
    return granted === undefined ? 'not-ours' : granted ? 'granted' : 'withdrawn';
  });
}

/** What was settled late counts for as long as nobody else has taken the row up since: late news are still news. */
const STILL_OURS = sql`d.state in ('handing', 'uncertain', 'planned')`;

function writeStatement({ editionId, newsletterId }: Turn, withOthers: boolean) {
  const partition = partitionOf(editionId);
  const id = sql.raw(String(Number(editionId)));
  return sql`
    with accepted as (
      update ${partition} d set state = 'accepted', settled_at = now(), cause = null, reason = null, due_at = null,
        relay = s.relay
      from unnest(${slot('acceptedBatches')}::int[], ${slot('acceptedIds')}::bigint[], ${slot('acceptedClaims')}::bigint[],
        ${slot('acceptedRelays')}::text[]) as s(batch, id, claim, relay)
      where d.edition_id = ${id} and d.batch = s.batch and d.subscriber_id = s.id and d.claim = s.claim and ${STILL_OURS}
    ), ${withOthers ? settleOthers(partition, id) : sql``}
    granted as (${grant(partition, id, newsletterId)})
    select "subscriberId", granted from granted`;
}

function settleOthers(partition: ReturnType<typeof partitionOf>, id: ReturnType<typeof partitionOf>) {
  return sql`others as (
      select * from jsonb_to_recordset(${slot('others')}::jsonb) as s(batch int, id bigint, key text, claim bigint, state text, cause text,
        reason text, "waitMs" bigint, charged boolean, relay text)
    ), settled as (
      update ${partition} d set state = s.state::delivery_state, cause = s.cause, reason = nullif(s.reason, ''),
        relay = s.relay, settled_at = case when s.state = 'planned' then null else now() end,
        claim = case when s.state = 'planned' then null else d.claim end,
        attempts = least(d.attempts + case when s.charged then 1 else 0 end, 30000),
        doubts = d.doubts + case when s.state = 'uncertain' and d.state = 'handing' then 1 else 0 end,
        due_at = case when s.state in ('planned', 'deferred') then now() + s."waitMs" * interval '1 ms'
          when s.state = 'uncertain' then now() + d.doubts * ${DOUBT_SECONDS} * interval '1 second' end
      from others s
      where d.edition_id = ${id} and d.batch = s.batch and d.subscriber_id = s.id and d.claim = s.claim and ${STILL_OURS}
        -- What comes after the end of the send opens nothing again.
        and (s.state not in ('planned', 'deferred') or d.state = 'handing'
          or exists (select from editions where id = ${id} and state in ('sending', 'paused')))
    ), suppressed as (
      ${suppressionOf(sql`select key, reason from others where cause = 'unknown-mailbox'`, 'unknown-mailbox')}
    ),`;
}

/**
 * The last look before a mail leaves: this claim still holds the batch, the edition is being sent, what the worker has is what
 * stands approved, and the reader still wants it. Who has left or was suppressed meanwhile is withdrawn.
 */
function grant(partition: ReturnType<typeof partitionOf>, id: ReturnType<typeof partitionOf>, newsletterId: number) {
  return sql`
      update ${partition} d set
        state = case when m.subscriber_id is null then 'withdrawn' else 'handing' end::delivery_state,
        cause = case when m.subscriber_id is null then 'left' end, reason = null, due_at = null,
        settled_at = case when m.subscriber_id is null then now() end, tried_at = coalesce(d.tried_at, now()), claim = g.claim, hash = ${slot('hash')}
      from unnest(${slot('wantedBatches')}::int[], ${slot('wantedIds')}::bigint[], ${slot('wantedClaims')}::bigint[])
        as g(batch, id, claim)
      left join lateral (${mailable(newsletterId)} and p.id = g.id) m on true
      where d.edition_id = ${id} and d.batch = g.batch and d.subscriber_id = g.id
        and (d.state in ('planned', 'deferred') or (d.state = 'handing' and d.claim = g.claim))
        and exists (select from batches b
          where b.edition_id = ${id} and b.batch = g.batch and b.claim = g.claim and b.lease_until > now())
        and exists (select from editions e join approvals a on a.edition_id = e.id and a.withdrawn_at is null
          where e.id = ${id} and e.state = 'sending' and a.hash = ${slot('hash')})
      returning d.subscriber_id as "subscriberId", d.state = 'handing' as granted`;
}
