import type { Piece } from '../../src/pieces/index.ts';

/** A piece of the pool, with a photo and a deck. */
export function poolPiece(id: number, over: Partial<Piece> = {}): Piece {
  return {
    id,
    url: `https://example.org/${id}`,
    guid: null,
    sourceId: 1,
    sourceIds: [],
    title: `Piece ${id}`,
    deck: 'A deck.',
    kind: 'Analysis',
    region: 'Europe',
    authors: [`Author ${id}`],
    tags: [],
    image: { url: 'https://example.org/i.jpg', alt: '', credit: '' },
    readingMinutes: 3,
    language: '',
    publishedAt: new Date('2026-11-20T00:00:00Z'),
    firstSeenAt: new Date(0),
    version: 1,
    embargoUntil: null,
    goneAt: null,
    retractedAt: null,
    correction: '',
    sameAs: null,
    ...over,
  };
}
