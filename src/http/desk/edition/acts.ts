import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { isAtLeast } from '../../../accounts/index.ts';
import { CAUSES } from '../../../dispatch/index.ts';
import {
  type Edition,
  type Newsletter,
  findBlock,
  findNewsletter,
  instantOf,
  lastRevision,
  piecesOf,
  readContent,
  sectionWith,
  WRITTEN_FIELDS,
  originalTexts,
} from '../../../editions/index.ts';
import {
  type Newsroom,
  type Revised,
  addPieceByUrl,
  addToEdition,
  addressEdition,
  approveEdition,
  askForReview,
  cancelEdition,
  commentOn,
  dropBlockFromEdition,
  dropFromEdition,
  editInEdition,
  fetchEditionImages,
  getEdition,
  getPiece,
  holdFromEdition,
  keepDespiteChanges,
  markPiece,
  moveInEdition,
  pauseEdition,
  putBlockInEdition,
  recomposeEdition,
  reopenStopped,
  restoreRevision,
  retryEdition,
  resumeEdition,
  reviseEdition,
  scheduleEdition,
  sendBack,
  sendSoon,
  sendTest,
  stopEdition,
  takeApprovalBack,
  takeChanges,
  otherRevision,
  proposeCorrection,
} from '../../../newsroom/index.ts';
import { sha256 } from '../../../lib/hash.ts';
import { httpUrl } from '../../../lib/url.ts';
import type { Finding } from '../../../preflight/index.ts';
import { RoundupError, reasonOf } from '../../../platform/errors.ts';
import type { Doing, Done } from '../forms.ts';
import { line, textsForm, wordsOf, blockIn } from './typed.ts';
import { counted } from '../../../lib/text.ts';
import { SECOND_MS } from '../../../lib/time.ts';

// What the forms of an edition's page do. Each act is one of the newsroom's; those that change the content say which revision the editor
// has seen, and somebody else's change in between is not written over.

export type EditionDoing = Doing<{ id: string; piece?: string }> & { editionId: number; pieceId: number };
export type EditionAct = (doing: EditionDoing) => Promise<Done>;

const retried = z.object({
  state: z.enum(['refused', 'expired', 'uncertain', 'deferred']),
  cause: z.enum([...CAUSES, '']).optional(),
  reason: z.string().max(10_000).optional(),
});
/** A place in any section, as a button has it: the section's key and a number. */
const placeIn = z
  .string()
  .regex(/^[a-z0-9-]{1,40}:\d{1,3}$/)
  .transform((text) => {
    const [section = '', at = ''] = text.split(':');
    return { section, at: Number(at) };
  });
const percent = z.coerce
  .number()
  .min(0)
  .max(100)
  .transform((value) => Math.round(value * 10) / 10);
const cropForm = z.object({
  x: percent,
  y: percent,
  zoom: z.coerce
    .number()
    .min(1)
    .max(4)
    .transform((value) => Math.round(value * 100) / 100),
});
const PATIENCE_MS = 3 * SECOND_MS;
const number = z.coerce.number().int().min(1).max(1_000_000_000);

/**
 * A change of content, of the revision that was seen, with the photographs that it wants. `showsOthers`: it may show others than before; whoever
 * types does not wait long for a photograph that could not be had so far.
 */
function changing(
  act: (
    parts: { db: Newsroom['db']; clock: Newsroom['clock']; ifRevision: number; keepsApproval: boolean },
    doing: EditionDoing,
  ) => Promise<Revised>,
  { showsOthers = true }: { showsOthers?: boolean } = {},
): EditionAct {
  return async (doing) => {
    const { newsroom, editionId, body } = doing;
    // Before anything is said of its words: a page of what is there now is not the one that they were typed into.
    const { revision: ifRevision } = await asSeen(newsroom, editionId, body.revision);
    // What its page saves by itself withdraws no approval that was given meanwhile.
    const keepsApproval = body.unasked === 'yes';
    const revised = await act({ db: newsroom.db, clock: newsroom.clock, ifRevision, keepsApproval }, doing);
    const fetching = fetchEditionImages(newsroom, editionId, { joins: !showsOthers }).catch((error: unknown) =>
      newsroom.log.warn('photographs could not be fetched', { reason: reasonOf(error) }),
    );
    await (showsOthers ? fetching : Promise.race([fetching, sleep(PATIENCE_MS, undefined, { ref: false })]));
    await askForLinks(newsroom, editionId);
    return doneOf(revised, ifRevision);
  };
}

/** Where its links lead is looked at by a worker, and found among the findings a moment later. */
async function askForLinks({ collectQueue, log }: Newsroom, editionId: number): Promise<void> {
  const nudge = { name: 'links', id: `links-${editionId}`, data: { editionId } };
  await collectQueue
    .add([nudge])
    .catch((error: unknown) => log.warn('could not ask for a look at links', { reason: reasonOf(error) }));
}

function doneOf({ edition, approvalWithdrawn, scheduleDropped }: Revised, before: number): Done {
  const warning = approvalWithdrawn
    ? `Its approval is withdrawn with the change${scheduleDropped === null ? '' : ', and it is not scheduled any more'}.`
    : undefined;
  const { revision } = edition;
  return { told: `Revision ${revision} is saved.`, revision, undo: before, ...(warning ? { warning } : {}) };
}

const AUTHOR: Record<string, EditionAct> = {
  texts: async (doing) => {
    const { newsroom, editionId, body } = doing;
    const edition = await asSeen(newsroom, editionId, body.revision);
    const wanted = newOf(textsForm.parse(body), await readContent(newsroom.db, edition));
    if (isNothing(wanted)) return unchanged(doing, edition);
    return changing((parts, { by }) => reviseEdition(parts, editionId, wanted, by), { showsOthers: false })(doing);
  },
  add: async (doing) => {
    const { newsroom, editionId, body } = doing;
    const { piece = '', url = '', section } = body;
    await asSeen(newsroom, editionId, body.revision);
    const pieceId = url.trim() === '' ? number.parse(piece) : await pieceAt(newsroom, url.trim());
    const place = { section: section ?? (await lastSection(newsroom, editionId)) };
    return changing((parts, { by }) => addToEdition(parts, editionId, pieceId, place, by))(doing);
  },
  block: changing((parts, { editionId, body, by }) => putBlockInEdition(parts, editionId, blockIn(body), by)),
  'block-move': changing(async (parts, { editionId, body, by }) => {
    const { block: id, place: to } = z.object({ block: line(40), place: placeIn }).parse(body);
    const content = await readContent(parts.db, await getEdition(parts.db, editionId));
    const { block } = findBlock(content, id);
    return putBlockInEdition(parts, editionId, { section: to.section, block: { ...block, after: to.at } }, by);
  }),
  'block-drop': changing((parts, { editionId, body, by }) =>
    dropBlockFromEdition(parts, editionId, line(40).parse(body.block), by),
  ),
  recompose: changing((parts, { editionId, by }) => recomposeEdition(parts, editionId, by)),
  restore: changing((parts, { editionId, body, identity, by }) => {
    const keepsAudience = !isAtLeast(identity.account.role, 'editor');
    return restoreRevision(parts, editionId, { revision: number.parse(body.to), keepsAudience }, by);
  }),
  review: async ({ newsroom, editionId, body, by }) => {
    await askForReview(newsroom, editionId, line(2_000).parse(body.comment ?? ''), by);
    return { told: 'The editors are asked to look at it.' };
  },
  comment: async ({ newsroom, editionId, body, by }) => {
    await commentOn(
      newsroom,
      editionId,
      line(2_000)
        .min(1, 'Say something.')
        .parse(body.comment ?? ''),
      by,
    );
    return { told: 'Your word stands beside the edition.' };
  },
  test: async ({ newsroom, editionId, body, by }) => {
    const reply = await sendTest(newsroom, editionId, body.to ?? '', by);
    return { told: `The mail server took the test for ${body.to}: ${reply}` };
  },
};

const PIECE: Record<string, EditionAct> = {
  move: changing((parts, { editionId, pieceId, body, by }) => {
    const wanted = z.union([z.object({ place: placeIn }), z.object({ section: line(40) })]).parse(body);
    const to = 'place' in wanted ? { section: wanted.place.section, position: wanted.place.at } : wanted;
    return moveInEdition(parts, editionId, pieceId, to, by);
  }),
  drop: changing((parts, { editionId, pieceId, by }) => dropFromEdition(parts, editionId, pieceId, by)),
  hold: changing((parts, { editionId, pieceId, by }) => holdFromEdition(parts, editionId, pieceId, by)),
  write: async (doing) => {
    const { newsroom, editionId, pieceId, body } = doing;
    const edition = await asSeen(newsroom, editionId, body.revision);
    const before = await pieceOf(newsroom, editionId, pieceId);
    // What is not there any more is told with whose doing that is.
    const wanted = before === undefined ? {} : newOf(wordsOf(body, before), before);
    if (before !== undefined && isNothing(wanted)) return unchanged(doing, edition);
    return changing((parts, { by }) => editInEdition(parts, editionId, pieceId, wanted, by), { showsOthers: false })(
      doing,
    );
  },
  crop: changing(async (parts, { editionId, pieceId, body, by }) => {
    const image = (await pieceOf(parts, editionId, pieceId))?.image ?? null;
    if (image === null) throw new RoundupError('state-refused', 'This piece has no photograph.');
    const { crop: _old, ...plain } = image;
    const wanted = body.auto === 'yes' ? plain : { ...plain, crop: cropForm.parse(body) };
    return editInEdition(parts, editionId, pieceId, { image: wanted }, by);
  }),
  take: changing((parts, { editionId, pieceId, by }) => takeChanges(parts, editionId, pieceId, by)),
  keep: changing((parts, { editionId, pieceId, by }) => keepDespiteChanges(parts, editionId, pieceId, by)),
  pin: async ({ newsroom, editionId, pieceId, by }) => {
    const edition = await getEdition(newsroom.db, editionId);
    const { key } = sectionWith(await readContent(newsroom.db, edition), pieceId);
    await markPiece(newsroom, await newsletterOf(newsroom, edition), pieceId, { mark: 'pin', section: key, by });
    return {
      told: 'It is pinned: it stays in this section when the edition is composed again, and runs in the next one if it does not run in this.',
    };
  },
  unpin: async ({ newsroom, editionId, pieceId, by }) => {
    const edition = await getEdition(newsroom.db, editionId);
    await markPiece(newsroom, await newsletterOf(newsroom, edition), pieceId, { mark: 'free', by });
    return { told: 'It is pinned no more.' };
  },
  original: changing(async (parts, { editionId, pieceId, body, by }) => {
    const field = z.enum(WRITTEN_FIELDS).optional().parse(body.field);
    const piece = await pieceOf(parts, editionId, pieceId);
    const original = await getPiece(parts.db, pieceId);
    const texts = piece === undefined ? {} : originalTexts(piece, original, field);
    return editInEdition(parts, editionId, pieceId, texts, by);
  }),
};

const EDITOR: Record<string, EditionAct> = {
  audience: changing((parts, { editionId, body, identity, by }) => {
    const wanted = (body.filter ?? '').trim() || (body.segment ?? '').trim();
    const visible = identity.newsletterIds;
    return addressEdition(parts, editionId, { wanted: wanted === '' ? null : wanted, visible }, by);
  }),
  approve: async ({ newsroom, editionId, body, by }) => {
    const { findings } = await approveEdition(newsroom, editionId, by, {
      ifRevision: number.parse(body.revision),
      ifHash: body.hash,
      isSeen: (finding) => body[`seen-${keyOf(finding)}`] === 'yes',
    });
    const beside = findings.length === 0 ? '' : ` ${counted(findings.length, 'finding')} stood beside it.`;
    return { told: `Approved: this, to the byte, is what goes out.${beside}` };
  },
  back: async ({ newsroom, editionId, body, by }) => {
    await sendBack(newsroom, editionId, line(2_000).parse(body.comment ?? ''), by);
    return { told: 'It is a draft again, and the editors are told why.' };
  },
  unapprove: async ({ newsroom, editionId, by }) => {
    await takeApprovalBack(newsroom, editionId, by);
    return { told: 'The approval is taken back.' };
  },
  schedule: async ({ newsroom, editionId, body, by }) => {
    const { newsletterId } = await asSeen(newsroom, editionId, body.revision);
    const newsletter = await findNewsletter(newsroom.db, newsletterId);
    const at = instantOf(body.at ?? '', newsletter?.timeZone ?? 'UTC');
    if (at === undefined) throw new RoundupError('input-invalid', 'Say when, as a day and a time that there is.');
    await scheduleEdition(newsroom, editionId, at, by);
    return { told: 'It is scheduled.' };
  },
  send: async ({ newsroom, editionId, body, by }) => {
    if (body.sure !== 'yes') throw new RoundupError('input-invalid', 'Tick the box: it goes out at once.');
    const { state } = await asSeen(newsroom, editionId, body.revision);
    if (state !== 'approved')
      throw new RoundupError(
        'state-refused',
        `It is ${state.replace('_', ' ')}: only what is approved, and not scheduled, is sent so.`,
      );
    await sendSoon(newsroom, editionId, by);
    return { told: 'It goes out in a minute. Until then it can be held back.' };
  },
  holdback: async ({ newsroom, editionId, by }) => {
    await takeApprovalBack(newsroom, editionId, by);
    return { told: 'It does not go out. It wants a new approval.' };
  },
  pause: async ({ newsroom, editionId, by }) => {
    await pauseEdition(newsroom, editionId, by);
    return { told: 'The send is held.' };
  },
  resume: async ({ newsroom, editionId, by }) => {
    await resumeEdition(newsroom, editionId, by);
    return { told: 'It goes on.' };
  },
  stop: async ({ newsroom, editionId, body, by }) => {
    if (body.sure !== 'yes')
      throw new RoundupError('input-invalid', 'Tick the box: who has not been reached will not be.', {
        hint: 'A pause can be taken back.',
      });
    await stopEdition(newsroom, editionId, by);
    return { told: 'It is stopped: whoever has not been reached will not be.' };
  },
  retry: async ({ newsroom, editionId, body, by }) => {
    const { state, cause, reason } = retried.parse(body);
    const again = {
      states: [state],
      causes: cause === undefined || cause === '' ? undefined : [cause],
      reasons: reason === undefined ? undefined : [reason],
    };
    const readers = await retryEdition(newsroom, editionId, again, by);
    return { told: `Tried once more: ${counted(readers, 'reader')}.` };
  },
  correct: async ({ newsroom, editionId, by }) => {
    await reopenStopped(newsroom, editionId, by);
    return { told: 'It is a draft again. Changed, approved and sent, it goes to whom it had not reached.' };
  },
  'correct-reached': async ({ newsroom, editionId, by }) => {
    const { id, number: no } = await proposeCorrection(newsroom, editionId, by);
    return {
      told: `This is no. ${no}, which corrects edition ${editionId}. Changed, approved and sent, it goes to whom that one has reached.`,
      to: `/editions/${id}`,
    };
  },
  cancel: async ({ newsroom, editionId, body, by }) => {
    if (body.sure !== 'yes')
      throw new RoundupError('input-invalid', 'Tick the box: a cancelled edition stays cancelled.');
    await cancelEdition(newsroom, editionId, by);
    return { told: 'It is cancelled, and its pieces are free again.' };
  },
};

/** What a warning is called in the form that says that it was seen. */
export function keyOf({ sentence }: Finding): string {
  return sha256(sentence).slice(0, 12);
}

/** By what their forms' addresses end with. */
export const ACTS = { author: AUTHOR, piece: PIECE, editor: EDITOR };

/** What is sent or scheduled is what was seen. Throws `revision-changed`. */
async function asSeen({ db }: Pick<Newsroom, 'db'>, editionId: number, revision: string | undefined) {
  const edition = await getEdition(db, editionId);
  const seen = number.parse(revision);
  if (edition.revision !== seen) throw otherRevision(edition, seen);
  return edition;
}

/** What of some words is other than before. */
function newOf<T extends object>(words: T, before: { [K in keyof T]?: unknown }): Partial<T> {
  const isNew = ([name, value]: [string, unknown]) => !isDeepStrictEqual(value, before[name as keyof T]);
  return Object.fromEntries(Object.entries(words).filter(isNew)) as Partial<T>;
}

const isNothing = (words: object) => Object.keys(words).length === 0;

/** A save that changes nothing is no revision, and withdraws no approval. What one has saved oneself can be undone still. */
async function unchanged({ newsroom, by }: EditionDoing, edition: Edition): Promise<Done> {
  const { revision, madeBy } = await lastRevision(newsroom.db, edition);
  const isOwn = revision > 1 && madeBy === by;
  return {
    told: `Nothing has changed: revision ${revision} is saved.`,
    ...(isOwn ? { revision, undo: revision - 1 } : {}),
  };
}

async function newsletterOf({ db }: Newsroom, { newsletterId }: { newsletterId: number }): Promise<Newsletter> {
  return (await findNewsletter(db, newsletterId)) as Newsletter;
}

async function lastSection({ db }: Newsroom, editionId: number): Promise<string> {
  const edition = await getEdition(db, editionId);
  const content = await readContent(db, edition);
  const newsletter = await findNewsletter(db, edition.newsletterId);
  return content.sections.at(-1)?.key ?? newsletter?.sections.at(-1)?.key ?? '';
}

/** The piece of an article's address, taken into the pool where it is not there. */
async function pieceAt(newsroom: Newsroom, url: string): Promise<number> {
  if (httpUrl(url) === undefined) throw new RoundupError('input-invalid', 'This is not the address of an article.');
  return (await addPieceByUrl(newsroom, url, false)).piece.id;
}

async function pieceOf({ db }: Pick<Newsroom, 'db'>, editionId: number, pieceId: number) {
  const content = await readContent(db, await getEdition(db, editionId));
  return piecesOf(content).find((piece) => piece.pieceId === pieceId);
}
