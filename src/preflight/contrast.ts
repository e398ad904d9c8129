import { COLOUR_NAMES, LEAST_CONTRAST } from '../themes/index.ts';
import type { Check } from './finding.ts';

/** Colours of the theme that are too much alike to be read by many. */
export const contrast: Check = ({ faint = [] }) =>
  faint.map(({ scheme, front, back, ratio }) => ({
    level: 'warning',
    code: 'contrast',
    sentence: `In the theme’s ${scheme === 'light' ? 'day' : 'night'} colours, ${COLOUR_NAMES[front]} on ${COLOUR_NAMES[back]} have a contrast of ${ratio.toFixed(1)}; ${LEAST_CONTRAST} is the least that most people can read.`,
  }));
