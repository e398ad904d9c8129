import type { ColourName, Colours, ThemeDesign } from './theme.ts';

// How well what is written can be read: the contrast of two colours (WCAG 2.2, "contrast ratio" and success criterion 1.4.3).

/** What is written on what. */
const PAIRS: [ColourName, ColourName][] = [
  ['ink', 'sheet'],
  ['text', 'sheet'],
  ['soft', 'sheet'],
  ['soft', 'paper'],
  ['accent', 'sheet'],
  ['accent', 'paper'],
];
export const LEAST_CONTRAST = 4.5;

export interface FaintPair {
  scheme: 'light' | 'dark';
  front: ColourName;
  back: ColourName;
  /** From 1, nothing to see, to 21. */
  ratio: number;
}

/** Pairs of a design's colours that are too much alike to be read by many. */
export function faintPairs({ colours }: Pick<ThemeDesign, 'colours'>): FaintPair[] {
  return (['light', 'dark'] as const)
    .flatMap((scheme) =>
      PAIRS.map(([front, back]) => ({
        scheme,
        front,
        back,
        ratio: contrast(colours[scheme][front], colours[scheme][back]),
      })),
    )
    .filter(({ ratio }) => ratio < LEAST_CONTRAST);
}

/** Of two colours, as #rrggbb. */
export function contrast(a: string, b: string): number {
  const [light = 1, dark = 0] = [luminance(a), luminance(b)].toSorted((one, other) => other - one);
  return (light + 0.05) / (dark + 0.05);
}

/** What is written on a button: whichever of black and white reads better on its colour. */
export function inkOn({ accent }: Pick<Colours, 'accent'>): string {
  return contrast(accent, '#ffffff') >= contrast(accent, '#1b1a18') ? '#ffffff' : '#1b1a18';
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
