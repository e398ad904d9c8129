import { shorten } from '../lib/text.ts';
import type { EditionAudience, EditionContent, EditionPiece } from './edition.ts';
import { type EditionBlock, blocksOf, findBlock } from './blocks.ts';
import { piecesOf } from './edit.ts';
import { fieldText } from './originals.ts';

/** One difference between two states of an edition. */
export interface Difference {
  kind: 'subject' | 'preheader' | 'note' | 'audience' | 'section' | 'block' | 'added' | 'dropped' | 'moved' | 'edited';
  /** What it is about: a piece's headline, a section's title. */
  what: string;
  before: string;
  after: string;
}

const FIELDS = ['title', 'deck', 'kind', 'region', 'authors', 'alt', 'credit'] as const;

/** What it takes to come from one content to the other, in the order in which one reads an edition. */
export function compareContents(before: EditionContent, after: EditionContent): Difference[] {
  const texts = (['subject', 'preheader', 'note'] as const)
    .filter((kind) => before[kind] !== after[kind])
    .map((kind): Difference => ({ kind, what: kind, before: before[kind], after: after[kind] }));
  return [
    ...texts,
    ...audienceDifference(before, after),
    ...sectionDifferences(before, after),
    ...blockDifferences(before, after),
    ...pieceDifferences(before, after),
  ];
}

function audienceDifference({ audience: before }: EditionContent, { audience: after }: EditionContent): Difference[] {
  if (before?.filter === after?.filter) return [];
  return [{ kind: 'audience', what: 'audience', before: audienceText(before), after: audienceText(after) }];
}

/** "Gold readers: attributes.plan is gold"; "all readers". */
export function audienceText(audience: EditionAudience | null | undefined): string {
  if (audience === undefined || audience === null) return 'all readers';
  return audience.name === '' ? audience.filter : `${audience.name}: ${audience.filter}`;
}

function sectionDifferences(before: EditionContent, after: EditionContent): Difference[] {
  return after.sections.flatMap(({ key, title }) => {
    const old = before.sections.find((section) => section.key === key);
    if (old === undefined || old.title === title) return [];
    return [{ kind: 'section', what: old.title || key, before: old.title, after: title } satisfies Difference];
  });
}

function blockDifferences(before: EditionContent, after: EditionContent): Difference[] {
  const [left, right] = [before, after].map((content) => new Map(blocksOf(content).map((block) => [block.id, block])));
  const ids = [...new Set([...(left?.keys() ?? []), ...(right?.keys() ?? [])])];
  return ids.flatMap((id): Difference[] => {
    const [old, now] = [left?.get(id), right?.get(id)];
    const [from, to] = [wordsOfBlock(before, old), wordsOfBlock(after, now)];
    return from === to ? [] : [{ kind: 'block', what: old?.kind ?? now?.kind ?? '', before: from, after: to }];
  });
}

function wordsOfBlock(content: EditionContent, block: EditionBlock | undefined): string {
  if (block === undefined) return '';
  const { section } = findBlock(content, block.id);
  const words = block.kind === 'note' ? block.text : block.kind === 'button' ? `${block.label} (${block.url})` : '';
  return `${words} in ${section}, after ${block.after} pieces`.trim();
}

function pieceDifferences(before: EditionContent, after: EditionContent): Difference[] {
  const left = new Map(piecesOf(before).map((piece) => [piece.pieceId, piece]));
  const right = new Map(piecesOf(after).map((piece) => [piece.pieceId, piece]));
  const dropped = [...left.values()]
    .filter(({ pieceId }) => !right.has(pieceId))
    .map((piece): Difference => ({ kind: 'dropped', ...about(piece), before: placeOf(before, piece), after: '' }));
  const others = [...right.values()].flatMap((piece): Difference[] => {
    const old = left.get(piece.pieceId);
    if (old === undefined) return [{ kind: 'added', ...about(piece), before: '', after: placeOf(after, piece) }];
    const edited = [
      ...FIELDS.map((field) => [fieldText(old, field), fieldText(piece, field)] as const),
      [old.url, piece.url] as const,
    ]
      .filter(([was, is]) => was !== is)
      .map(([was, is]): Difference => ({ kind: 'edited', ...about(piece), before: was, after: is }));
    if (cropText(old) !== cropText(piece))
      edited.push({ kind: 'edited', ...about(piece), before: cropText(old), after: cropText(piece) });
    const isMoved = rankAmong(before, piece, right) !== rankAmong(after, piece, left);
    const move: Difference = {
      kind: 'moved',
      ...about(piece),
      before: placeOf(before, piece),
      after: placeOf(after, piece),
    };
    return isMoved ? [move, ...edited] : edited;
  });
  return [...dropped, ...others];
}

function cropText({ image }: EditionPiece): string {
  if (!image?.crop) return image === null ? '' : 'its photograph, cut as it comes';
  const { x, y, zoom } = image.crop;
  return `its photograph, cut around ${Math.round(x)} % and ${Math.round(y)} %, ${zoom} times as close`;
}

function about(piece: EditionPiece): { what: string } {
  return { what: shorten(piece.title, 70) };
}

function placeOf(content: EditionContent, { pieceId }: EditionPiece): string {
  const section = content.sections.find(({ pieces }) => pieces.some((piece) => piece.pieceId === pieceId));
  const at = section?.pieces.findIndex((piece) => piece.pieceId === pieceId) ?? 0;
  return `${section?.title || section?.key || ''}, number ${at + 1}`;
}

/** Its section and its place among those that both have: what others' coming and going shifts is not moved. */
function rankAmong(content: EditionContent, { pieceId }: EditionPiece, both: ReadonlyMap<number, unknown>): string {
  const section = content.sections.find(({ pieces }) => pieces.some((piece) => piece.pieceId === pieceId));
  const common = section?.pieces.filter((piece) => both.has(piece.pieceId)) ?? [];
  return `${section?.key} ${common.findIndex((piece) => piece.pieceId === pieceId)}`;
}
