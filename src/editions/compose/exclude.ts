import type { Choice } from '../edition.ts';
import type { ComposeInput } from './input.ts';
import { embargoed, left, markedOut, titled } from './reasons.ts';
import type { Candidate } from './rules.ts';

/** What may not run in this edition, whatever room there is, each with its reason. */
export function excluded(candidates: Candidate[], input: ComposeInput): Map<number, Choice> {
  const choices = new Map<number, Choice>();
  const keptIds = new Set([...(input.kept?.sections.values() ?? [])].flat());
  for (const piece of candidates) {
    if (keptIds.has(piece.id)) continue;
    const choice = reasonAgainst(piece, candidates, input);
    if (choice !== undefined) choices.set(piece.id, choice);
  }
  for (const { pieceId, otherId, reason, ...first } of input.pairs ?? []) {
    const second = candidates.find(({ id }) => id === otherId);
    if (second === undefined || keptIds.has(otherId) || choices.has(otherId)) continue;
    const isHere = candidates.some(({ id }) => id === pieceId) && !choices.has(pieceId);
    // What ran before, or may run now, tells the story; what is out for another reason leaves room for the other.
    if (!isHere && !input.ranIn.has(pieceId)) continue;
    const sentence = `It looks like the same story as ${titled(first)} from ${first.source || 'another source'}: ${reason}.`;
    choices.set(otherId, left(second, 'near-duplicate', sentence));
  }
  return choices;
}

function reasonAgainst(piece: Candidate, candidates: Candidate[], input: ComposeInput): Choice | undefined {
  if (input.kept?.dropped.has(piece.id) === true)
    return left(piece, 'dropped-by-an-editor', 'An editor took it out of this edition.');
  const number = input.ranIn.get(piece.id);
  if (number !== undefined) return left(piece, 'ran-before', `It ran in edition ${number}.`);
  if (piece.sameAs !== null) {
    const other = candidates.find(({ id }) => id === piece.sameAs);
    return left(
      piece,
      'same-story',
      `It is the same story as ${other === undefined ? 'an older piece' : titled(other)}.`,
    );
  }
  if (piece.retractedAt !== null) return left(piece, 'retracted', 'It has been retracted.');
  if (piece.goneAt !== null) return left(piece, 'gone', 'Its page is gone.');
  const mark = (input.marks ?? []).find(({ pieceId }) => pieceId === piece.id);
  if (mark?.mark === 'never') return markedOut(piece, mark);
  if (mark?.mark === 'hold' && (mark.editionNumber ?? 0) >= input.number) return markedOut(piece, mark);
  if (piece.outAt > input.now) return embargoed(piece, input.timeZone);
  return undefined;
}
