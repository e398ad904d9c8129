import { type ComposeInput, type Composition, compose } from './compose/index.ts';
import type { EditionContent, EditionPiece, EditionSection } from './edition.ts';
import { withPiecesOf } from './blocks.ts';
import { piecesOf } from './edit.ts';

// Composes an edition again, with news that has come in, and keeps everything that an editor has done to it: what was dropped
// stays out, what was added or moved stays where it was put, what was written stays written. What an editor did is what
// differs between the last proposal and what the edition says now, and what was known of that before.

/** What the composer last proposed, and what editors had done up to then that it no longer shows. As it is kept, in JSON. */
export interface Proposed {
  content: EditionContent;
  dropped: number[];
  /** Keys of sections in which an editor has had a hand. */
  touched: string[];
  /** Pieces that an editor added, moved or wrote over. */
  byEditor: number[];
  /** Up to when the composer has looked, an instant in ISO 8601; proposals of old do not say it. */
  until?: string;
}

export function firstProposal(content: EditionContent, until: Date): Proposed {
  return { content, dropped: [], touched: [], byEditor: [], until: until.toISOString() };
}

export function recompose(
  proposed: Proposed,
  current: EditionContent,
  input: Omit<ComposeInput, 'kept'>,
): { proposed: Proposed; composition: Composition; content: EditionContent } {
  const { content: proposal } = proposed;
  const here = idsOf(current);
  const touched = current.sections.filter(
    (section) => proposed.touched.includes(section.key) || isTouched(section, proposal),
  );
  const dropped = [...proposed.dropped, ...idsOf(proposal)].filter((id) => !here.includes(id));
  const byEditor = piecesOf(current)
    .filter((piece) => proposed.byEditor.includes(piece.pieceId) || isByEditor(piece, proposal, current))
    .map(({ pieceId }) => pieceId);
  const sectionsKept = new Map(touched.map(({ key, pieces }) => [key, pieces.map(({ pieceId }) => pieceId)]));
  const kept = { sections: sectionsKept, byEditor: new Set(byEditor), dropped: new Set(dropped) };
  const composition = compose({ ...input, kept });
  const fresh = composition.content;
  const sections = inEditorsOrder(fresh.sections, proposal, current).map((section) => ({
    ...withBlocksAs(
      section,
      section.pieces.map((piece) => withEdits(piece, proposal, current)),
      current,
    ),
    title: keptText(titleOf(proposal, section.key), titleOf(current, section.key), section.title),
  }));
  const content = {
    subject: keptText(proposal.subject, current.subject, fresh.subject),
    preheader: keptText(proposal.preheader, current.preheader, fresh.preheader),
    note: keptText(proposal.note, current.note, fresh.note),
    ...(current.audience ? { audience: current.audience } : {}),
    sections: withEmptied(sections, current),
  };
  // What an editor wrote over the edition shows against what the composer would have written.
  const again = {
    content: fresh,
    dropped,
    touched: [...sectionsKept.keys()],
    byEditor,
    until: input.now.toISOString(),
  };
  return { proposed: again, composition, content };
}

function isByEditor(piece: EditionPiece, proposal: EditionContent, current: EditionContent): boolean {
  const place = (content: EditionContent) =>
    content.sections.find(({ pieces }) => pieces.some(({ pieceId }) => pieceId === piece.pieceId))?.key;
  return place(proposal) !== place(current) || editedFields(piece, proposal).length > 0;
}

function idsOf(content: EditionContent): number[] {
  return piecesOf(content).map(({ pieceId }) => pieceId);
}

/** Has an editor added to a section, moved something into it, put it in another order, or written in it? */
function isTouched(section: EditionSection, proposal: EditionContent): boolean {
  if (section.pieces.some((piece) => editedFields(piece, proposal).length > 0)) return true;
  const before = proposal.sections.find(({ key }) => key === section.key)?.pieces.map(({ pieceId }) => pieceId) ?? [];
  const now = section.pieces.map(({ pieceId }) => pieceId);
  const common = before.filter((id) => now.includes(id));
  return (
    now.some((id) => !before.includes(id)) ||
    common.some((id, at) => id !== now.filter((one) => before.includes(one))[at])
  );
}

function keptText(before: string | undefined, now: string | undefined, fresh: string): string {
  return now !== undefined && now !== before ? now : fresh;
}

function titleOf(content: EditionContent, key: string): string | undefined {
  return content.sections.find((section) => section.key === key)?.title;
}

const EDITABLE = ['url', 'title', 'deck', 'kind', 'region', 'authors', 'image', 'readingMinutes', 'language'] as const;

/** What an editor wrote over a piece of the proposal; a piece that an editor added is as the editor left it. */
function withEdits(piece: EditionPiece, proposal: EditionContent, current: EditionContent): EditionPiece {
  const now = piecesOf(current).find(({ pieceId }) => pieceId === piece.pieceId);
  if (now === undefined) return piece;
  const before = piecesOf(proposal).find(({ pieceId }) => pieceId === piece.pieceId);
  if (before === undefined) return now;
  const edited = editedFields(now, proposal);
  // What somebody has seen of it is what it was: composing again looks at nothing for an editor.
  const { version = 1 } = now;
  return { ...piece, ...Object.fromEntries(edited.map((field) => [field, now[field]])), version };
}

function editedFields(now: EditionPiece, proposal: EditionContent) {
  const before = piecesOf(proposal).find(({ pieceId }) => pieceId === now.pieceId);
  if (before === undefined) return [];
  return EDITABLE.filter((field) => JSON.stringify(now[field]) !== JSON.stringify(before[field]));
}

function keysOf(content: EditionContent): string[] {
  return content.sections.map(({ key }) => key);
}

/** Sections that an editor has put in another order stay in it. */
function inEditorsOrder(
  sections: EditionSection[],
  proposal: EditionContent,
  current: EditionContent,
): EditionSection[] {
  const common = keysOf(proposal).filter((key) => keysOf(current).includes(key));
  const isReordered = common.some((key, at) => key !== keysOf(current).filter((one) => common.includes(one))[at]);
  if (!isReordered) return sections;
  const rank = (key: string) => (keysOf(current).includes(key) ? keysOf(current).indexOf(key) : keysOf(current).length);
  return sections.toSorted((a, b) => rank(a.key) - rank(b.key));
}

/** The composer puts none between pieces: they are an editor's, all of them. */
function withBlocksAs(section: EditionSection, pieces: EditionPiece[], current: EditionContent): EditionSection {
  const old = current.sections.find(({ key }) => key === section.key);
  if (old?.blocks === undefined) return { ...section, pieces };
  const { blocks = [] } = withPiecesOf(old, pieces);
  return { ...section, pieces, blocks };
}

/** A section that an editor left empty, or put something of their own into, is not lost with its title. */
function withEmptied(sections: EditionSection[], current: EditionContent): EditionSection[] {
  const emptied = current.sections.filter(
    ({ key, pieces, blocks = [] }) =>
      (pieces.length === 0 || blocks.length > 0) && sections.every((section) => section.key !== key),
  );
  return [...sections, ...emptied.map((section) => withPiecesOf(section, []))];
}
