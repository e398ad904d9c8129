import { longDate } from '../lib/time.ts';
import {
  type EditionBlock,
  type EditionContent,
  type EditionPiece,
  type EditionSection,
  type Publication,
  runsOf,
} from '../editions/index.ts';
import { noteToHtml, noteToText } from './note.ts';
import { type Words, directionOf, wordsOf } from './words.ts';
import { inkOn } from '../themes/index.ts';
import type { Theme } from './theme.ts';
import { TEXT_WIDTH } from '../lib/wrap.ts';

// What the templates see: words that are ready to print, all plain text, but for the note's HTML.

export interface RenderInput {
  publication: Publication;
  newsletter: { name: string; language: string; timeZone: string; why: string };
  edition: { number: number; date: Date };
  content: EditionContent;
  /** Links in the mail; a token of the reader's own goes into each. */
  links: {
    view: (token: string) => string;
    unsubscribe: (token: string) => string;
    preferences: (token: string) => string;
    /** Of a picture of ours, by its path. */
    media: (path: string) => string;
  };
}

export interface Markers {
  address: string;
  unsubscribeToken: string;
  preferencesToken: string;
  viewToken: string;
}

export function viewOf(input: RenderInput, markers: Markers, theme: Pick<Theme, 'colours' | 'logo' | 'footer'>) {
  const { publication, newsletter, content, links } = input;
  const words = wordsOf(newsletter.language);
  return {
    language: newsletter.language,
    dir: words.direction,
    start: words.direction === 'rtl' ? 'right' : 'left',
    end: words.direction === 'rtl' ? 'left' : 'right',
    colours: withInk(theme.colours),
    logo: logoOf(theme.logo, publication, links.media),
    footerHtml: noteToHtml(theme.footer),
    footerText: noteToText(theme.footer, TEXT_WIDTH),
    publication: { ...publication, homeName: new URL(publication.homeUrl).host.replace(/^www\./, '') },
    newsletter: newsletter.name,
    subject: content.subject,
    preheader: content.preheader,
    number: words.number(input.edition.number),
    date: longDate(input.edition.date, newsletter.timeZone, newsletter.language),
    hasNote: content.note.trim() !== '',
    noteHtml: noteToHtml(content.note),
    noteText: noteToText(content.note, TEXT_WIDTH),
    sections: content.sections
      .filter(({ pieces, blocks = [] }) => pieces.length > 0 || blocks.length > 0)
      .map((section) => sectionView(section, words, newsletter.language)),
    why: newsletter.why === '' ? words.why(newsletter.name) : newsletter.why,
    address: markers.address,
    viewUrl: links.view(markers.viewToken),
    unsubscribeUrl: links.unsubscribe(markers.unsubscribeToken),
    preferencesUrl: links.preferences(markers.preferencesToken),
    words,
  };
}

function withInk({ light, dark }: Theme['colours']) {
  return { light: { ...light, onAccent: inkOn(light) }, dark: { ...dark, onAccent: inkOn(dark) } };
}

function logoOf({ from, path, width }: Theme['logo'], { logoUrl }: Publication, media: (path: string) => string) {
  if (from === 'upload' && path !== null) return { url: media(path), width };
  return from === 'publication' && logoUrl !== null ? { url: logoUrl, width } : null;
}

function sectionView(section: EditionSection, words: Words, language: string) {
  const views = section.pieces.map((piece) => ({
    ...pieceView(piece, words, language),
    titled: section.title !== '',
  }));
  return {
    key: section.key,
    title: section.title,
    layout: section.layout,
    runs: runsOf(section, views).map(({ blocks, pieces }) => ({
      blocks: blocks.map(blockView),
      pieces: pieces.map((piece, index) => ({ ...piece, first: index === 0 })),
    })),
  };
}

function blockView(block: EditionBlock) {
  switch (block.kind) {
    case 'note':
      return { isNote: true, noteHtml: noteToHtml(block.text), noteText: noteToText(block.text, TEXT_WIDTH) };
    case 'button':
      return { isButton: true, label: block.label, url: block.url };
    case 'divider':
      return { isDivider: true };
  }
}

function pieceView(piece: EditionPiece, words: Words, language: string) {
  const names = joined(piece.authors, words.and);
  const otherLanguage = piece.language !== '' && piece.language.split('-')[0] !== language.split('-')[0];
  return {
    url: piece.url,
    title: piece.title,
    deck: piece.deck,
    kicker: [piece.kind, piece.region].filter((word) => word !== '').join(' | '),
    byline: names === '' ? '' : words.by(names),
    minutes: piece.readingMinutes > 0 ? words.minutes(piece.readingMinutes) : '',
    more: piece.kind === 'Video' ? words.watch : words.keepReading,
    image:
      piece.image === null
        ? null
        : { ...piece.image, credit: piece.image.credit === '' ? '' : words.photo(piece.image.credit) },
    // A piece in another language than the mail's says so, for screen readers and for its direction.
    lang: otherLanguage ? piece.language : '',
    dir: otherLanguage ? directionOf(piece.language) : '',
  };
}

function joined(names: string[], and: string): string {
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} ${and} ${names.at(-1)}`;
}
