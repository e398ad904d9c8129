import type { Check } from './finding.ts';

/** Gmail clips a mail's HTML at about 102 KB; what is cut off there is the unsubscribe link. */
const LIMIT_KIB = 90;
const NEAR_KIB = 80;

/** What a mail's HTML weighs, beside what it may, in KiB. */
export function weightOf(html: string): { kib: number; limitKib: number } {
  return { kib: Math.ceil(Buffer.byteLength(html) / 1024), limitKib: LIMIT_KIB };
}

export const size: Check = ({ html }) => {
  const { kib } = weightOf(html);
  if (kib > LIMIT_KIB) {
    return [
      {
        level: 'error',
        code: 'html-too-large',
        sentence: `The HTML is ${kib} KiB, and mail programs clip what is over ${LIMIT_KIB}: take a piece out.`,
      },
    ];
  }
  if (kib > NEAR_KIB)
    return [{ level: 'warning', code: 'html-large', sentence: `The HTML is ${kib} KiB; the limit is ${LIMIT_KIB}.` }];
  return [];
};
