import fc from 'fast-check';
import {
  DEFAULT_SECTIONS,
  type EditionContent,
  addPiece,
  compareContents,
  compose,
  dropPiece,
  editPiece,
  firstProposal,
  movePiece,
  piecesOf,
  recompose,
  toEditionPiece,
} from '../../src/editions/index.ts';
import type { Piece } from '../../src/pieces/index.ts';
import { poolPiece } from '../support/piece.ts';

const base = new Date('2026-11-20T00:00:00Z').getTime();
const KINDS = ['Analysis', 'Reporting', 'Opinion', 'Dispatch', 'Video'];
const piece = (id: number) =>
  poolPiece(id, {
    kind: KINDS[id % KINDS.length]!,
    region: id % 3 === 0 ? 'Europe' : 'Africa',
    image: id % 2 === 0 ? { url: 'https://example.org/i.jpg', alt: '', credit: '' } : null,
    publishedAt: new Date(base + id * 60_000),
  });
const input = (pieces: Piece[]) => ({
  sections: DEFAULT_SECTIONS,
  diversity: { perAuthor: 2, perRegion: null, minRegions: 2 },
  pieces,
  now: new Date(base + 1e9),
  number: 1,
  timeZone: 'UTC',
  ranIn: new Map<number, number>(),
  sourceNames: new Map<number, string>(),
});
const pool = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => piece(from + n));
const SECTIONS = DEFAULT_SECTIONS.map(({ key }) => key);

type Edit = {
  kind: 'drop' | 'add' | 'move' | 'write' | 'subject' | 'note';
  at: number;
  section: number;
  position: number;
  text: string;
};
const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom('drop', 'add', 'move', 'write', 'subject', 'note'),
  at: fc.nat(1_000),
  section: fc.nat(SECTIONS.length - 1),
  position: fc.integer({ min: 1, max: 6 }),
  text: fc.string({ minLength: 1, maxLength: 12 }),
});

/** What an editor does; each act is written down, the last word on a piece counts. */
function apply(content: EditionContent, { kind, at, section, position, text }: Edit, unused: Piece[]): EditionContent {
  const pieces = piecesOf(content);
  const place = { section: SECTIONS[section]!, position };
  const target = pieces[at % Math.max(pieces.length, 1)];
  if (kind === 'subject') return { ...content, subject: `S ${text}` };
  if (kind === 'note') return { ...content, note: `N ${text}` };
  if (kind === 'add') {
    const free = unused.filter(({ id }) => pieces.every(({ pieceId }) => pieceId !== id));
    return free.length === 0
      ? content
      : addPiece(content, toEditionPiece(free[at % free.length]!), place, DEFAULT_SECTIONS);
  }
  if (target === undefined) return content;
  if (kind === 'drop') return dropPiece(content, target.pieceId);
  if (kind === 'move') return movePiece(content, target.pieceId, place, DEFAULT_SECTIONS);
  return editPiece(content, target.pieceId, { title: `T ${text}` });
}

const placeOf = (content: EditionContent, id: number) =>
  content.sections.find(({ pieces }) => pieces.some(({ pieceId }) => pieceId === id))?.key;

test('whatever an editor did, and whatever has come in since: it stays', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 3, max: 30 }),
      fc.nat(30),
      fc.array(edit, { maxLength: 8 }),
      (before, more, edits) => {
        const first = pool(1, before);
        const proposal = compose(input(first)).content;
        const extras = pool(100, 110);
        const current = edits.reduce((content, one) => apply(content, one, [...first, ...extras]), proposal);
        const news = [
          ...first,
          ...pool(before, before + more),
          ...extras.filter(({ id }) => piecesOf(current).some(({ pieceId }) => pieceId === id)),
        ];
        // Twice, as it happens: what an editor did is not forgotten with the first.
        const once = recompose(firstProposal(proposal, new Date(base)), current, input(news));
        const { content } = recompose(once.proposed, once.content, input(news));
        expect(content).toEqual(once.content);
        const ids = piecesOf(content).map(({ pieceId }) => pieceId);
        expect(new Set(ids).size).toBe(ids.length);
        for (const { pieceId } of piecesOf(proposal))
          if (!piecesOf(current).some((one) => one.pieceId === pieceId)) expect(ids).not.toContain(pieceId);
        for (const one of piecesOf(current)) {
          const was = piecesOf(proposal).find(({ pieceId }) => pieceId === one.pieceId);
          const isMoved = was === undefined || placeOf(proposal, one.pieceId) !== placeOf(current, one.pieceId);
          if (isMoved) expect(placeOf(content, one.pieceId)).toBe(placeOf(current, one.pieceId));
          if (was?.title !== one.title)
            expect(piecesOf(content).find(({ pieceId }) => pieceId === one.pieceId)?.title).toBe(one.title);
        }
        if (current.subject !== proposal.subject) expect(content.subject).toBe(current.subject);
        expect(content.note).toBe(current.note);
        // The order that an editor gave a section holds for what was in it.
        for (const section of current.sections) {
          const asked = section.pieces.map(({ pieceId }) => pieceId);
          const was =
            proposal.sections.find(({ key }) => key === section.key)?.pieces.map(({ pieceId }) => pieceId) ?? [];
          if (asked.every((id, at) => id === was[at])) continue;
          const now =
            content.sections.find(({ key }) => key === section.key)?.pieces.map(({ pieceId }) => pieceId) ?? [];
          const isOnlyDropped =
            asked.every((id) => was.includes(id)) && asked.join() === was.filter((id) => asked.includes(id)).join();
          if (!isOnlyDropped) expect(now.filter((id) => asked.includes(id))).toEqual(asked);
        }
      },
    ),
    { numRuns: 600 },
  );
});

test('without an edit it is what the composer proposes afresh, and again the same', () => {
  const proposal = compose(input(pool(1, 12))).content;
  const news = input(pool(1, 20));
  const again = recompose(firstProposal(proposal, new Date(base)), proposal, news);
  expect(again.content).toEqual(compose(news).content);
  expect(recompose(again.proposed, again.content, news).content).toEqual(again.content);
});

test('two states of an edition are compared piece by piece', () => {
  const before = compose(input(pool(1, 16))).content;
  const [first, second] = piecesOf(before);
  const dropped = dropPiece(before, second!.pieceId);
  const edited = editPiece(dropped, first!.pieceId, { title: 'Another' });
  const added = addPiece(edited, toEditionPiece(piece(200)), { section: 'shorts', position: 1 }, DEFAULT_SECTIONS);
  const after = { ...added, subject: 'Another subject' };
  expect(compareContents(before, after).map(({ kind, what }) => [kind, what])).toEqual([
    ['subject', 'subject'],
    ['dropped', second!.title],
    ['edited', 'Another'],
    ['added', 'Piece 200'],
  ]);
  expect(compareContents(before, before)).toEqual([]);
});
