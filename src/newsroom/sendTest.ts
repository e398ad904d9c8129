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
import { getEdition } from './find.ts';
import type { Newsroom } from './newsroom.ts';
import { renderNow, sampleValues } from './render.ts';

type Parts = Pick<Newsroom, 'db' | 'clock' | 'keys' | 'baseUrl' | 'relay'>;

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
