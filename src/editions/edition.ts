import type { PieceImage } from '../pieces/index.ts';
import type { EditionBlock } from './blocks.ts';
import { capital } from '../lib/text.ts';

export type EditionState =
  'draft' | 'in_review' | 'approved' | 'scheduled' | 'sending' | 'paused' | 'sent' | 'stopped' | 'cancelled';

/** Those in which an edition can still be changed: none of it has gone out. */
export const OPEN_STATES: EditionState[] = ['draft', 'in_review', 'approved', 'scheduled'];

export function isOpen({ state }: { state: EditionState }): boolean {
  return OPEN_STATES.includes(state);
}

export interface Edition {
  id: number;
  newsletterId: number;
  number: number;
  state: EditionState;
  /** The instant it is due; null for an extra edition. */
  slotAt: Date | null;
  windowFrom: Date;
  windowTo: Date;
  revision: number;
  /** When a scheduled edition goes out. */
  releaseAt: Date | null;
  startedAt: Date | null;
  finishedAt: Date | null;
  /** Since when whoever was put off is being tried, where that is not its start: after a pause, a retry, a correction. */
  retriedAt: Date | null;
  /** It corrects that edition, and goes to whom that one has reached. */
  correctsEditionId: number | null;
  createdAt: Date;
  /** When its slot passed without an approval. */
  missedAt: Date | null;
}

/** What a revision of an edition says; the render's input. */
export interface EditionContent {
  subject: string;
  preheader: string;
  /** The editor's note, in Markdown. */
  note: string;
  sections: EditionSection[];
  /** Whom it is for, where that is not all readers of the newsletter. */
  audience?: EditionAudience | null;
}

/** A segment as it was when an editor chose it: what becomes of the segment since changes no edition. */
export interface EditionAudience {
  /** Empty for a filter of its own. */
  name: string;
  filter: string;
}

export interface EditionSection {
  key: string;
  title: string;
  layout: 'lead' | 'cards' | 'list' | 'shorts';
  pieces: EditionPiece[];
  /** What an editor put between them, in the order of their places. */
  blocks?: EditionBlock[];
}

/** What editors call a section: its heading, or for want of one its key. */
export function sectionName({ key, title }: Pick<EditionSection, 'key' | 'title'>): string {
  return title || capital(key);
}

/** A piece as this edition runs it. */
export interface EditionPiece {
  pieceId: number;
  url: string;
  title: string;
  deck: string;
  kind: string;
  region: string;
  authors: string[];
  image: EditionImage | null;
  readingMinutes: number;
  language: string;
  /** Which state of the pool's piece an editor or the composer has seen; a later one is a change to look at. */
  version?: number;
}

/** A piece's photograph, and what an editor wants to be seen of it. */
export interface EditionImage extends PieceImage {
  crop?: Crop;
}

/** The middle of what is shown, in percent of the picture's width and height, and how much closer than need be. */
export interface Crop {
  x: number;
  y: number;
  /** From 1, which is all that fits, to 4. */
  zoom: number;
}

/** Why a piece is in an edition or not: a stable code and a sentence. */
export interface Choice {
  pieceId: number;
  included: boolean;
  code: ChoiceCode;
  sentence: string;
}

export type ChoiceCode =
  // In:
  | 'lead'
  | 'in-section'
  | 'filled-up'
  | 'pinned'
  | 'for-diversity'
  | 'by-an-editor'
  // Out:
  | 'section-full'
  | 'section-dropped'
  | 'no-section'
  | 'too-old'
  | 'ran-before'
  | 'same-story'
  | 'near-duplicate'
  | 'held'
  | 'never'
  | 'embargoed'
  | 'gone'
  | 'retracted'
  | 'author-limit'
  | 'region-limit'
  | 'one-region'
  | 'dropped-by-an-editor';
