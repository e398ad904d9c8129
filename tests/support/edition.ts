import type { EditionContent, EditionPiece } from '../../src/editions/index.ts';
import { type GapValues, type Rendered, plainTheme, makeStencil, renderEdition } from '../../src/rendering/index.ts';
import type { RenderInput } from '../../src/rendering/view.ts';

export function editionPiece(over: Partial<EditionPiece> = {}): EditionPiece {
  return {
    pieceId: 1,
    url: 'https://example.org/story',
    title: 'A headline',
    deck: 'One sentence that says what it is about.',
    kind: 'Analysis',
    region: 'Europe',
    authors: ['Zoë Łukasik', 'B. Writer'],
    image: { url: 'https://example.org/i.jpg', alt: 'A ship at sea', credit: 'C. Redit' },
    readingMinutes: 4,
    language: '',
    ...over,
  };
}

export function editionContent(over: Partial<EditionContent> = {}, piece: Partial<EditionPiece> = {}): EditionContent {
  const of = (id: number) => editionPiece({ pieceId: id, url: `https://example.org/story-${id}`, ...piece });
  return {
    subject: 'A headline',
    preheader: 'What else there is',
    note: 'Dear reader, **welcome** to [our page](https://example.org/page).',
    sections: [
      { key: 'lead', title: '', layout: 'lead', pieces: [of(1)] },
      { key: 'analysis', title: 'Analysis', layout: 'cards', pieces: [of(2), of(3)] },
      { key: 'opinion', title: 'Opinion', layout: 'list', pieces: [of(4), of(5)] },
      { key: 'shorts', title: 'In brief', layout: 'shorts', pieces: [of(6), of(7)] },
    ],
    ...over,
  };
}

export function renderInput(
  content = editionContent(),
  over: Partial<RenderInput['newsletter']> = {},
  name = 'The Test Review',
): RenderInput {
  return {
    publication: {
      name,
      tagline: 'Of record',
      homeUrl: 'https://example.org/',
      logoUrl: 'https://example.org/logo.png',
      postalAddress: '1 Test Street, Testville',
      socialLinks: [{ name: 'Mastodon', url: 'https://social.example/@test' }],
      language: 'en',
    },
    newsletter: { name: 'The Weekly', language: 'en', timeZone: 'UTC', why: '', ...over },
    edition: { number: 12, date: new Date('2026-11-26T09:00:00Z') },
    content,
    links: {
      view: (token) => `https://news.example.org/e/${token}`,
      unsubscribe: (token) => `https://news.example.org/u/${token}`,
      preferences: (token) => `https://news.example.org/p/${token}`,
      media: (path) => `https://news.example.org${path}`,
    },
  };
}

export const render = async (input = renderInput()): Promise<Rendered> => renderEdition(input, await plainTheme());

export function stencilOf(
  rendered: Pick<Rendered, 'subject' | 'html' | 'text' | 'hash'>,
  from = { name: 'The Test Review', address: 'news@example.org' },
) {
  return makeStencil({
    from,
    replyTo: null,
    ...rendered,
    language: 'en',
    list: { name: 'The Weekly', id: 'weekly.example.org' },
    feedbackId: '1:weekly:roundup:example-org',
    keyId: 'k1',
    unsubscribeUrl: (token) => `https://news.example.org/u/${token}`,
  });
}

export const gapValues = (over: Partial<GapValues> = {}): GapValues => ({
  to: '<reader@example.net>',
  address: 'reader@example.net',
  date: 'Thu, 26 Nov 2026 09:00:00 +0000',
  messageId: 'one@example.org',
  unsubscribeToken: 'k1.1.2.3.unsub',
  preferencesToken: 'k1.1.2.3.prefs',
  viewToken: 'view-token',
  ...over,
});
