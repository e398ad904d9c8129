import { domainOf, parseAddress } from '../lib/addresses.ts';
import { randomId } from '../lib/ids.ts';
import { HOUR_MS } from '../lib/time.ts';
import { originNow, recordAct } from '../audit/index.ts';
import { dkimKeysFor } from '../dispatch/index.ts';
import { type Database, takeFromLimit } from '../platform/database/index.ts';
import { RoundupError } from '../platform/errors.ts';
import { signMessage } from '../platform/mime/index.ts';
import { wordsOf } from '../platform/smtp/index.ts';
import { makeStencil, splice } from '../rendering/index.ts';
import { findSuppression } from '../subscribers/index.ts';
import { findNewsletter } from '../editions/index.ts';
import { getEdition } from './find.ts';
import type { Newsroom } from './newsroom.ts';
import { renderNow, sampleValues } from './render.ts';
import { audienceOf, peopleOfSegment } from './segments.ts';

type Parts = Pick<Newsroom, 'db' | 'clock' | 'keys' | 'baseUrl' | 'unsubscribeAddress' | 'relay'>;

/**
 * Sends an edition as it is now to one address, marked as a test; its links for leaving do nothing. Returns the server's
 * reply. Throws `input-invalid` for what is no address, `state-refused` for one that is suppressed, `too-many-requests`, and
 * `smtp-failed` where the server does not take it.
 */
export async function sendTest(newsroom: Parts, editionId: number, to: string, by: string): Promise<string> {
  const address = parseAddress(to);
  if (address === undefined) throw new RoundupError('input-invalid', `"${to}" is not a mail address.`);
  await refuseSuppressed(newsroom.db, address);
  await countTest(newsroom.db);
  return sendOne(newsroom, editionId, address, by);
}

async function sendOne(newsroom: Parts, editionId: number, address: string, by: string): Promise<string> {
  const now = newsroom.clock.now();
  const { newsletter, rendered, testStencil } = await renderTest(newsroom, editionId);
  const values = {
    ...sampleValues({ name: '', address }, now),
    messageId: `test.${randomId()}@${domainOf(newsletter.sender.address)}`,
  };
  const handover = await newsroom.relay.deliver(
    { from: newsletter.sender.address, to: address },
    await signMessage(
      splice(testStencil, values),
      await dkimKeysFor(newsroom.db, newsroom.keys, domainOf(newsletter.sender.address)),
      now,
    ),
  );
  if (handover.outcome !== 'accepted') {
    throw new RoundupError(
      'smtp-failed',
      `The mail server did not take the test for ${address}: ${wordsOf(handover)}`,
      {
        hint: 'Check the mail server with: roundup doctor',
      },
    );
  }
  await recordAct(newsroom.db, {
    actor: by,
    act: 'test sent',
    subject: `edition ${editionId}`,
    detail: { to: address, hash: rendered.hash },
  });
  return handover.reply;
}

export interface TestSent {
  address: string;
  /** What the server said; null where it did not take it. */
  reply: string | null;
  problem: string | null;
}

/** Tests to so many people are a look at a draft; more are an edition. */
export const MOST_TESTS = 25;

/**
 * The same to everybody of a segment who may be mailed, by its name or a filter. Throws `input-invalid` where it is nobody, or more people than a test is
 * for; what one address refuses stops no other.
 */
export async function sendTestTo(
  newsroom: Parts,
  editionId: number,
  { segment, visible }: { segment: string; visible?: number[] | null },
  by: string,
): Promise<TestSent[]> {
  const { db } = newsroom;
  const { newsletterId } = await getEdition(db, editionId);
  const newsletter = await findNewsletter(db, newsletterId);
  if (newsletter === undefined) throw new Error(`edition ${editionId} belongs to no newsletter`);
  const { filter } = await audienceOf(db, newsletterId, segment, visible);
  const people = await peopleOfSegment(newsroom, newsletter, filter, { limit: MOST_TESTS + 1, mayBeMailed: true });
  if (people.length === 0) throw new RoundupError('input-invalid', `Nobody is meant by: ${filter}`);
  if (people.length > MOST_TESTS)
    throw new RoundupError(
      'input-invalid',
      `A test goes to ${MOST_TESTS} people at most, and more are meant by: ${filter}`,
    );
  for (const _person of people) await countTest(db);
  const sent: TestSent[] = [];
  for (const { address } of people)
    sent.push(
      await sendOne(newsroom, editionId, address, by).then(
        (reply) => ({ address, reply, problem: null }),
        (error: unknown) => {
          if (!(error instanceof RoundupError)) throw error;
          return { address, reply: null, problem: error.message };
        },
      ),
    );
  return sent;
}

/** Nobody mails whom they must not by calling it a test. */
async function refuseSuppressed(db: Database, address: string): Promise<void> {
  const suppression = await findSuppression(db, address);
  if (suppression === undefined) return;
  throw new RoundupError('state-refused', `${address} is suppressed (${suppression.reason}) and gets no mail.`, {
    hint: 'Use another address, or take it off the suppressions first.',
  });
}

/** Enough for a desk that looks at each draft in every mail program, and too few to flood anybody. */
const TESTS = { count: 60, perMs: HOUR_MS, burst: 30 };

async function countTest(db: Database): Promise<void> {
  const accountId = originNow()?.accountId ?? null;
  const retryMs = accountId === null ? 0 : await takeFromLimit(db, `test sends of account ${accountId}`, TESTS);
  if (retryMs === 0) return;
  throw new RoundupError('too-many-requests', 'You have sent many tests within the hour. Wait a little.', { retryMs });
}

async function renderTest(newsroom: Parts, editionId: number) {
  const { newsletter, rendered, unsubscribeUrl } = await renderNow(newsroom, await getEdition(newsroom.db, editionId));
  const testStencil = makeStencil({
    from: newsletter.sender,
    replyTo: null,
    ...rendered,
    subject: `[Test] ${rendered.subject}`,
    language: newsletter.language,
    list: { name: newsletter.name, id: `test.${domainOf(newsletter.sender.address)}` },
    feedbackId: `test:${newsletter.slug}:roundup`,
    keyId: newsroom.keys.current.id,
    unsubscribeUrl,
  });
  return { newsletter, rendered, testStencil };
}
