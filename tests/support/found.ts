import type { FoundPiece } from '../../src/sources/index.ts';

/** A piece as a source that says everything reports it. */
export function foundPiece(over: Partial<FoundPiece> = {}): FoundPiece {
  return {
    guid: undefined,
    url: 'https://example.org/a',
    title: 'A title',
    deck: 'A sentence about it.',
    deckIsGiven: true,
    kind: 'Analysis',
    region: 'Europe',
    authors: ['A. Writer'],
    tags: [],
    image: undefined,
    readingMinutes: 4,
    language: '',
    publishedAt: undefined,
    updatedAt: undefined,
    body: '',
    correction: '',
    isRetracted: false,
    ...over,
  };
}
