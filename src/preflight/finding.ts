import type { EditionContent } from '../editions/index.ts';
import type { FaintPair } from '../themes/index.ts';
import type { LinkCheck } from '../links/index.ts';
import type { Rendered } from '../rendering/index.ts';

/** What a check says. An error blocks approval; a warning wants a look. */
export interface Finding {
  level: 'error' | 'warning' | 'note';
  /** Stable: for scripts and for acknowledging. */
  code: string;
  sentence: string;
}

export interface CheckInput {
  content: EditionContent;
  rendered: Rendered;
  /** The mail's HTML and text as a reader gets them. */
  html: string;
  text: string;
  /** Photographs that the mail goes without, and why. */
  imageProblems: { title: string; reason: string }[];
  /** What has become of pieces since somebody looked, each as the end of a sentence. */
  changes: { title: string; changes: string[] }[];
  /** The number of an edition of the newsletter that had this subject already. */
  subjectOf?: number | undefined;
  /** What was last seen where its links lead. */
  links?: LinkCheck[];
  /** Colours of the theme that are too much alike to be read by many. */
  faint?: FaintPair[];
}

export type Check = (input: CheckInput) => Finding[];
