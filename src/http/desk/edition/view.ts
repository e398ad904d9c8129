import { isAtLeast } from '../../../accounts/index.ts';
import {
  type Edition,
  type EditionBlock,
  type EditionContent,
  type EditionPiece,
  type EditionSection,
  type Newsletter,
  audienceText,
  lastRevision,
  linksLookedAt,
  localTimeOf,
  listChoices,
  listReviews,
  nextSlot,
  runsOf,
  isOpen,
  OPEN_STATES,
  sectionName,
  writtenOver,
  type WrittenOver,
  type WrittenField,
  lastWithdrawn,
} from '../../../editions/index.ts';
import { changeInWords, imageShape, newsOf, renderNow, withOwnImages, isTakenOver } from '../../../newsroom/index.ts';
import { shorten } from '../../../lib/text.ts';
import { shortDateTime, untilText } from '../../../lib/time.ts';
import { findPieces, marksFor } from '../../../pieces/index.ts';
import { noteToText } from '../../../rendering/index.ts';
import { type EditionReport, reportEdition, shareOf, stateText } from '../../../reports/index.ts';
import { listSegments } from '../../../subscribers/index.ts';
import type { App } from '../../../app.ts';
import { keyOf } from './acts.ts';
import { chartOf } from './chart.ts';
import type { Identity } from '../../access.ts';
import { weightOf } from '../../../preflight/index.ts';

// What an edition's page shows: its sections as they can be changed, what the mail would be, what is to be done next, and by whom.

export const VIEWS = ['desktop', 'phone', 'dark', 'images off', 'text'] as const;
export type View = (typeof VIEWS)[number];

/** What can be tried once more. */
const RETRIED = new Set(['refused', 'expired', 'uncertain', 'deferred']);

/** Beyond these an inbox on a phone shows no more, by what is usual. */
const SUBJECT_LENGTH = 50;
const PREHEADER_LENGTH = 90;
/** A browser breaks lines itself. */
const WHOLE_LINES = 100_000;

export async function editionView(app: App, identity: Identity, edition: Edition, view: View) {
  const { db } = app.database;
  const { keys, baseUrl, unsubscribeAddress, relays } = app.config;
  const parts = { db, clock: app.clock, keys, baseUrl, unsubscribeAddress };
  // Before the findings are: they may be newer than that, not older.
  const linksAt = await linksLookedAt(db, edition.id);
  const foretells = !mayBeApproved(edition);
  const report = await reportEdition(db, edition, { now: app.clock.now(), relays, foretells });
  const { newsletter, findings, content, hash, sample } = await renderNow(parts, edition);
  const choices = await listChoices(db, edition.id);
  const { role } = identity.account;
  const mayWrite = isOpen(edition) && isAtLeast(role, 'author');
  const mayApprove = isAtLeast(role, 'editor');
  const next = nextActs(edition, { mayWrite, mayApprove });
  return {
    title: `${newsletter.name} no. ${edition.number}`,
    edition,
    newsletter,
    content,
    hash,
    view,
    tabs: VIEWS.map((name) => ({ name, current: name === view })),
    findings,
    linksAt,
    warnings: findings.filter(({ level }) => level === 'warning').map((one) => ({ ...one, key: keyOf(one) })),
    weight: weightOf(sample.html),
    hasErrors: findings.some(({ level }) => level === 'error'),
    ...ledgerOf(edition, report, mayApprove),
    audience: forWhom(edition, content),
    autosave: mayBeApproved(edition) ? 'yes' : '',
    segments: mayApprove && edition.startedAt === null ? await listSegments(db, newsletter.id) : [],
    stateText: stateText(edition, report.sums),
    releaseText: edition.releaseAt === null ? '' : shortDateTime(edition.releaseAt, newsletter.timeZone),
    releaseIn: edition.releaseAt === null ? '' : untilText(edition.releaseAt.getTime() - app.clock.now().getTime()),
    last: await lastRevision(db, edition),
    withdrawn: mayBeApproved(edition) ? await lastWithdrawn(db, edition.id) : undefined,
    reviews: (await listReviews(db, edition.id)).toReversed(),
    // An empty section is a place to put something.
    sections: (await sectionsOf(app, { edition, newsletter, content, choices })).filter(
      ({ items }) => mayWrite || items.length > 0,
    ),
    noteText: noteToText(content.note, WHOLE_LINES),
    subjectLength: [...content.subject].length,
    preheaderLength: [...content.preheader].length,
    subjectIsLong: [...content.subject].length > SUBJECT_LENGTH,
    preheaderIsLong: [...content.preheader].length > PREHEADER_LENGTH,
    left: choices.filter(({ included }) => !included),
    usualTime: usualTime(newsletter, edition, app.clock.now()),
    mayWrite,
    next,
    size: next.send ? report.yetToReach : undefined,
  };
}

function mayBeApproved({ state }: Edition): boolean {
  return state === 'draft' || state === 'in_review';
}

/** The ledger of an edition alone, for whoever follows a send. */
export async function ledgerView(app: App, identity: Identity, edition: Edition) {
  const { relays } = app.config;
  const report = await reportEdition(app.database.db, edition, { now: app.clock.now(), relays });
  const { newsletter } = report;
  return {
    title: `Ledger of ${newsletter?.name} no. ${edition.number}`,
    edition,
    newsletter,
    stateText: stateText(edition, report.sums),
    ...ledgerOf(edition, report, isAtLeast(identity.account.role, 'editor')),
  };
}

function ledgerOf(edition: Edition, report: EditionReport, isEditor: boolean) {
  return {
    report,
    reasons: report.reasons.map((one) => ({
      ...one,
      mayRetry: isEditor && RETRIED.has(one.state) && ['sent', 'sending', 'paused'].includes(edition.state),
    })),
    maySeeReaders: isEditor,
    sent: ['sending', 'paused', 'sent', 'stopped'].includes(edition.state),
    share: shareOf(report.sums),
    perSecond: report.perSecond === undefined ? undefined : Math.round(report.perSecond),
    chart: chartOf(report.course, report.sums.audience),
  };
}

interface Shown {
  edition: Edition;
  newsletter: Newsletter;
  content: EditionContent;
  choices: Awaited<ReturnType<typeof listChoices>>;
}

/** The newsletter's sections that this edition has or could have, with their pieces, each with what can be done to it. */
async function sectionsOf(app: App, { edition, newsletter, content, choices }: Shown) {
  const { db } = app.database;
  const ids = content.sections.flatMap(({ pieces }) => pieces.map(({ pieceId }) => pieceId));
  const pool = new Map((await findPieces(db, ids)).map((piece) => [piece.id, piece]));
  const news = new Map(
    (await newsOf(db, content)).map(({ pieceId, changes }) => [
      pieceId,
      { words: changes.map(changeInWords), canBeTaken: changes.some(isTakenOver) },
    ]),
  );
  // From this server alone, in the size that the mail has.
  const shown = (await withOwnImages(db, content, '')).content.sections.flatMap(({ pieces }) => pieces);
  const thumbnails = new Map(shown.map(({ pieceId, image }) => [pieceId, image?.url]));
  const reasons = new Map(choices.map((choice) => [choice.pieceId, choice]));
  const missing = newsletter.sections.filter(({ key }) => content.sections.every((section) => section.key !== key));
  const known = [
    ...content.sections,
    ...missing.map(({ key, title, layout }): EditionSection => ({ key, title, layout, pieces: [] })),
  ];
  const names = known.map((section) => ({ key: section.key, name: sectionName(section) }));
  const marks = await marksFor(db, newsletter.id, edition.number);
  const pinned = new Set(marks.filter(({ mark }) => mark === 'pin').map(({ pieceId }) => pieceId));
  return known.map((section, rank) => {
    const around = { before: known[rank - 1], after: known[rank + 1] };
    return {
      key: section.key,
      name: sectionName(section),
      count: section.pieces.length,
      places: placesIn(section),
      items: runsOf(section, section.pieces.map(pieceView(section, around))).flatMap(({ blocks, pieces }) => [
        ...blocks.map((block) => blockView(block, section, around)),
        ...pieces,
      ]),
    };
  });

  function pieceView({ key, layout, pieces }: EditionSection, { before, after }: Around) {
    return (piece: EditionPiece, at: number) => {
      const original = pool.get(piece.pieceId);
      const reason = reasons.get(piece.pieceId);
      return {
        ...piece,
        thumbnail: thumbnails.get(piece.pieceId),
        authorText: piece.authors.join(', '),
        reason: reason?.sentence,
        overridden: reason?.overridden ?? undefined,
        overriddenBy: reason?.overriddenBy ?? undefined,
        news: news.get(piece.pieceId),
        written: original === undefined ? [] : writtenOver(piece, original).map(wordsOfWritten),
        up: at > 0 ? `${key}:${at}` : before && `${before.key}:${before.pieces.length + 1}`,
        down: at < pieces.length - 1 ? `${key}:${at + 2}` : after && `${after.key}:1`,
        isPinned: pinned.has(piece.pieceId),
        pinAct: pinned.has(piece.pieceId) ? 'unpin' : 'pin',
        mayCrop: piece.image !== null && imageShape(layout) !== undefined,
        isCropped: piece.image?.crop !== undefined,
        sections: names.map((one) => ({ ...one, isThis: one.key === key })),
      };
    };
  }
}

/** Where in a section a block can stand. */
function placesIn({ pieces }: EditionSection) {
  const ends = pieces.map(({ title }, at) => ({ after: at + 1, name: `after “${shorten(title, 50)}”` }));
  return [{ after: 0, name: 'at its beginning' }, ...ends].map((place) => ({
    ...place,
    isLast: place.after === pieces.length,
  }));
}

/** The sections before and after one: where its first goes up to, and its last down. */
interface Around {
  before: EditionSection | undefined;
  after: EditionSection | undefined;
}

function blockView(block: EditionBlock, section: EditionSection, { before, after }: Around) {
  const { key, pieces } = section;
  return {
    ...block,
    isBlock: true,
    kindIs: { [block.kind]: true },
    summary: block.kind === 'note' ? block.text : block.kind === 'button' ? block.label : '',
    up: block.after > 0 ? `${key}:${block.after - 1}` : before && `${before.key}:${before.pieces.length}`,
    down: block.after < pieces.length ? `${key}:${block.after + 1}` : after && `${after.key}:0`,
  };
}

const FIELD_NAMES: Record<WrittenField, string> = {
  title: 'headline',
  deck: 'deck',
  kind: 'kicker',
  region: 'region',
  authors: 'byline',
  image: 'photograph',
  alt: 'alternative text',
  credit: 'credit',
  crop: 'cut of the photograph',
};

function wordsOfWritten({ field, original }: WrittenOver) {
  const was =
    field === 'image' ? 'another one' : field === 'crop' ? 'the program’s own' : `“${shorten(original, 200)}”`;
  return { field, name: FIELD_NAMES[field], was: original === '' && field !== 'crop' ? 'not there' : was };
}

/** Whom it is for, in words. */
function forWhom(edition: Edition, { audience }: EditionContent): string {
  const { correctsEditionId, startedAt } = edition;
  if (correctsEditionId !== null) return `whom edition ${correctsEditionId} has reached`;
  // One that was stopped, and is being corrected.
  return isOpen(edition) && startedAt !== null ? 'whom it has not reached yet' : audienceText(audience);
}

/** What the edition's state wants of whoever looks at it. */
function nextActs({ state, startedAt }: Edition, { mayWrite, mayApprove }: { mayWrite: boolean; mayApprove: boolean }) {
  const isEditor = (states: Edition['state'][]) => mayApprove && states.includes(state);
  return {
    ask: mayWrite && ['draft', 'in_review'].includes(state),
    approve: isEditor(['draft', 'in_review']),
    sendBack: isEditor(['in_review', 'approved']),
    takeBack: isEditor(['approved', 'scheduled']),
    schedule: isEditor(['approved', 'scheduled']) && startedAt === null,
    send: isEditor(['approved']),
    holdBack: isEditor(['scheduled']),
    pause: isEditor(['sending']),
    resume: isEditor(['paused']),
    stop: isEditor(['sending', 'paused']),
    correct: isEditor(['stopped']),
    correctReached: isEditor(['stopped', 'sent', 'paused']),
    cancel: isEditor(OPEN_STATES),
  };
}

/** As a field for date and time has it, in the newsletter's own zone. */
function usualTime({ schedule, timeZone }: Newsletter, { slotAt }: Edition, now: Date): string {
  const slot = slotAt !== null && slotAt > now ? slotAt : schedule === null ? null : nextSlot(schedule, timeZone, now);
  if (slot === null || slot === undefined) return '';
  return localTimeOf(slot, timeZone);
}
