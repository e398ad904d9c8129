import { randomId } from '../lib/ids.ts';

// What differs from reader to reader is left open while an edition is rendered: a marker that nobody can guess stands for it,
// and the finished text is cut there. A marker of letters and digits passes unharmed through templates, URLs and MJML.

export type GapName = 'to' | 'address' | 'date' | 'messageId' | 'unsubscribeToken' | 'preferencesToken' | 'viewToken';

/** Literal text and, between, the gaps in it. */
export type Cut = (string | { gap: GapName })[];

export interface Gaps {
  marker(gap: GapName): string;
  /** Cuts a text at the markers in it. */
  cut(text: string): Cut;
}

export function openGaps(): Gaps {
  const secret = `g${randomId(16)}`;
  const names: GapName[] = [];
  return {
    marker(gap) {
      if (!names.includes(gap)) names.push(gap);
      return `${secret}x${names.indexOf(gap)}x`;
    },
    cut(text) {
      const parts = text.split(new RegExp(`${secret}x(\\d+)x`));
      return parts
        .map((part, index) => (index % 2 === 0 ? part : { gap: names[Number(part)] as GapName }))
        .filter((part) => part !== '');
    },
  };
}

/** The text with its gaps filled. */
export function fill(cut: Cut, value: (gap: GapName) => string): string {
  return cut.map((part) => (typeof part === 'string' ? part : value(part.gap))).join('');
}
