import { recordAct } from '../audit/index.ts';
import {
  type Edition,
  findNewsletter,
  insertEdition,
  insertRevision,
  moveEdition,
  nextRevision,
  readContent,
  withdrawApproval,
} from '../editions/index.ts';
import { RoundupError } from '../platform/errors.ts';
import { wordsOf } from '../rendering/index.ts';
import { getEdition } from './find.ts';
import type { Newsroom } from './newsroom.ts';

type Parts = Pick<Newsroom, 'db' | 'clock'>;

/**
 * Makes a stopped edition a draft again, as a new revision: changed, approved and sent, it goes to those whom it had not
 * reached when it was stopped. Throws `state-refused` where it was not stopped.
 */
export async function reopenStopped({ db, clock }: Parts, editionId: number, by: string): Promise<Edition> {
  return db.transaction().execute(async (tx) => {
    if ((await moveEdition(tx, editionId, ['stopped'], 'draft')) === undefined) {
      const { state } = await getEdition(tx, editionId);
      throw new RoundupError(
        'state-refused',
        `Edition ${editionId} is ${state}; only a stopped one can be corrected.`,
        {
          hint:
            state === 'sent'
              ? `Everybody has it. Send those it has reached a correction: roundup edition correct ${editionId} --reached`
              : `Stop it first with: roundup edition stop ${editionId}`,
        },
      );
    }
    const edition = await nextRevision(tx, editionId);
    if (edition === undefined) throw new Error('a draft has a next revision');
    const content = await readContent(tx, { id: editionId, revision: edition.revision - 1 });
    await insertRevision(tx, edition, content, { by, at: clock.now(), change: 'reopened' });
    await withdrawApproval(tx, editionId, clock.now(), `${by} stopped the send to correct it`);
    await recordAct(tx, { actor: by, act: 'edition reopened', subject: `edition ${editionId}` });
    return edition;
  });
}

/**
 * Makes a correction: an edition of its own, linked to the one that it corrects, with that one's content to begin with, for
 * those whom that one has reached. Throws `state-refused` where it has reached nobody.
 */
export async function proposeCorrection({ db, clock }: Parts, editionId: number, by: string): Promise<Edition> {
  return db.transaction().execute(async (tx) => {
    const wrong = await getEdition(tx, editionId);
    if (wrong.startedAt === null || wrong.state === 'sending') {
      throw new RoundupError(
        'state-refused',
        `Edition ${editionId} is ${wrong.state}: there is nothing to correct yet.`,
        {
          hint: wrong.state === 'sending' ? `Stop it first with: roundup edition stop ${editionId}` : undefined,
        },
      );
    }
    const { newsletterId, windowFrom, windowTo } = wrong;
    const newsletter = await findNewsletter(tx, newsletterId);
    const fresh = {
      newsletterId,
      slotAt: null,
      windowFrom,
      windowTo,
      createdAt: clock.now(),
      correctsEditionId: editionId,
    };
    const edition = await insertEdition(tx, fresh);
    const content = await readContent(tx, wrong);
    const subject = `${wordsOf(newsletter?.language ?? '').correction}: ${content.subject}`;
    const made = { by, at: clock.now(), change: `corrects edition ${editionId}` };
    await insertRevision(tx, edition, { ...content, subject }, made);
    const detail = { corrects: editionId };
    await recordAct(tx, { actor: by, act: 'correction proposed', subject: `edition ${edition.id}`, detail });
    return edition;
  });
}
