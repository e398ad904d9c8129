import { type EditionBlock, dropPiece, putBlock, withoutPieces } from '../../src/editions/index.ts';
import { editionContent } from '../support/edition.ts';

// What stands between pieces stays where it was put.

const note = (id: string, after: number, text = id): EditionBlock => ({ kind: 'note', id, after, text });
const inSection = (content: ReturnType<typeof editionContent>, key: string) =>
  content.sections
    .find((section) => section.key === key)
    ?.blocks?.map((block) => `${block.id}@${block.after}: ${block.kind === 'note' ? block.text : ''}`);

test('other words for a block leave it among its neighbours; another place moves it', () => {
  const put = [note('a', 1), note('b', 1), note('c', 1)].reduce(
    (content, block) => putBlock(content, 'analysis', block),
    editionContent(),
  );
  const before = inSection(put, 'analysis');
  expect(before).toHaveLength(3);
  const reworded = inSection(putBlock(put, 'analysis', note('b', 1, 'anew')), 'analysis');
  expect(reworded).toEqual(before?.map((one) => one.replace('b@1: b', 'b@1: anew')));
  expect(inSection(putBlock(put, 'analysis', note('b', 2)), 'analysis')?.at(-1)).toBe('b@2: b');
  const moved = putBlock(put, 'opinion', note('b', 0));
  expect([inSection(moved, 'analysis'), inSection(moved, 'opinion')]).toEqual([
    before?.filter((one) => !one.startsWith('b@')),
    ['b@0: b'],
  ]);
});

test('what stands behind a lead stands behind the one that takes its place for some readers', () => {
  const content = [note('before', 0), note('behind', 1)].reduce(
    (all, block) => putBlock(all, 'lead', block),
    editionContent(),
  );
  const spared = withoutPieces(content, new Set([1]));
  expect(spared.sections[0]?.pieces.map(({ pieceId }) => pieceId)).toEqual([2]);
  expect(inSection(spared, 'lead')).toEqual(['before@0: before', 'behind@1: behind']);
  // Nobody took the place of a piece that an editor dropped.
  expect(inSection(dropPiece(content, 1), 'lead')).toEqual(['before@0: before', 'behind@0: behind']);
});
