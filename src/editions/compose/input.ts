import type { Mark, Piece } from '../../pieces/index.ts';
import type { Choice, EditionContent } from '../edition.ts';
import type { Diversity, SectionSettings } from '../newsletter.ts';

export interface ComposeInput {
  sections: SectionSettings[];
  diversity: Diversity;
  /** The pieces of the window, and those that are marked, in any order. */
  pieces: Piece[];
  now: Date;
  /** The edition's own. */
  number: number;
  timeZone: string;
  /** Which edition's number ran a piece before, by piece id. */
  ranIn: ReadonlyMap<number, number>;
  /** Source names by id, for rules that name sources. */
  sourceNames: ReadonlyMap<number, string>;
  marks?: Mark[];
  /** Pieces that look like one story, the first one first, and why. */
  pairs?: { pieceId: number; otherId: number; reason: string; title: string; source: string }[];
  /** What an editor has made of an earlier proposal. */
  kept?: Kept;
}

export interface Kept {
  /** Pieces in the order an editor gave them, by the key of their section. */
  sections: ReadonlyMap<string, number[]>;
  /** Those that an editor added, moved or wrote over: they stay whatever speaks against them. */
  byEditor: ReadonlySet<number>;
  dropped: ReadonlySet<number>;
}

export interface Composition {
  content: EditionContent;
  choices: Choice[];
  /** How many pieces the edition runs. */
  size: number;
}
