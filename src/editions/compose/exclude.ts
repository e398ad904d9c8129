import type { Choice } from '../edition.ts';
import type { ComposeInput } from './input.ts';
import { embargoed, left, markedOut, titled } from './reasons.ts';
import type { Candidate } from './rules.ts';

/** What may not run in this edition, whatever room there is, each with its reason. */
export function excluded(candidates: Candidate[], input: ComposeInput): Map<number, Choice> {
  const choices = new Map<number, Choice>();
  const byEditor = input.kept?.byEditor ?? new Set();
  for (const piece of candidates) {
    const choice = byEditor.has(piece.id) ? undefined : reasonAgainst(piece, input);
    if (choice !== undefined) choices.set(piece.id, choice);
  }
  const wanted = wantedByName(input);
  for (const piece of candidates) {
    if (choices.has(piece.id) || wanted.has(piece.id)) continue;
    const choice = toldAlready(piece, candidates, choices) ?? looksTold(piece, candidates, { choices, input });
    if (choice !== undefined) choices.set(piece.id, choice);
  }
  return choices;
}

/** Whom an editor has put there, or pinned, is there because of that. */
function wantedByName({ kept, marks = [] }: ComposeInput): ReadonlySet<number> {
  const inSections = [...(kept?.sections.values() ?? [])].flat();
  return new Set([...inSections, ...marks.filter(({ mark }) => mark === 'pin').map(({ pieceId }) => pieceId)]);
}

function reasonAgainst(piece: Candidate, input: ComposeInput): Choice | undefined {
  if (input.kept?.dropped.has(piece.id) === true)
    return left(piece, 'dropped-by-an-editor', 'An editor took it out of this edition.');
  const number = input.ranIn.get(piece.id);
  if (number !== undefined) return left(piece, 'ran-before', `It ran in edition ${number}.`);
  if (piece.retractedAt !== null) return left(piece, 'retracted', 'It has been retracted.');
  if (piece.goneAt !== null) return left(piece, 'gone', 'Its page is gone.');
  const mark = (input.marks ?? []).find(({ pieceId }) => pieceId === piece.id);
  if (mark?.mark === 'never') return markedOut(piece, mark);
  if (mark?.mark === 'hold' && (mark.editionNumber ?? 0) >= input.number) return markedOut(piece, mark);
  if (piece.outAt > input.now) return embargoed(piece, input.timeZone);
  return undefined;
}

/** Somebody has said that it is the same story as one that may run; where that one may not, this one tells it. */
function toldAlready(
  piece: Candidate,
  candidates: Candidate[],
  choices: ReadonlyMap<number, Choice>,
): Choice | undefined {
  if (piece.sameAs === null) return undefined;
  const teller = candidates.find(({ id, sameAs }) => (sameAs ?? id) === piece.sameAs && !choices.has(id));
  if (teller === undefined || teller.id === piece.id) return undefined;
  return left(piece, 'same-story', `It is the same story as ${titled(teller)}.`);
}

/** Nobody has said so, but it looks like one that runs now, or ran before; which of them is right an editor may say. */
function looksTold(
  piece: Candidate,
  candidates: Candidate[],
  { choices, input }: { choices: ReadonlyMap<number, Choice>; input: ComposeInput },
): Choice | undefined {
  for (const { pieceId, otherId, reason, ...first } of input.pairs ?? []) {
    if (otherId !== piece.id) continue;
    const isHere = candidates.some(({ id }) => id === pieceId) && !choices.has(pieceId);
    if (!isHere && !input.ranIn.has(pieceId)) continue;
    const sentence = `It looks like the same story as ${titled(first)} from ${first.source || 'another source'}: ${reason}.`;
    return left(piece, 'near-duplicate', sentence);
  }
  return undefined;
}
