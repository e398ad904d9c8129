export type ReaderLetter = 'confirm' | 'known' | 'welcome' | 'self' | 'new-address';

/** What a letter to a reader says, with `{names}` for what differs. */
export interface LetterWords {
  subject: string;
  title: string;
  paragraphs: string[];
  button?: string;
  small?: string[];
}

export type LettersIn = Record<ReaderLetter, LetterWords>;
