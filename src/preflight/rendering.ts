import type { Check } from './finding.ts';

/** What the theme's rendering itself found wrong, and gaps that a theme forgot: every mail needs its way out. */
export const rendering: Check = ({ rendered }) => {
  const problems = rendered.problems.map((problem) => ({
    level: 'error' as const,
    code: 'theme-broken',
    sentence: problem,
  }));
  const withoutExit = (
    [
      ['HTML', rendered.html],
      ['text', rendered.text],
    ] as const
  ).filter(([, cut]) => !cut.some((part) => typeof part !== 'string' && part.gap === 'unsubscribeToken'));
  return [
    ...problems,
    ...withoutExit.map(([part]) => ({
      level: 'error' as const,
      code: 'unsubscribe-missing',
      sentence: `The ${part} part has no unsubscribe link.`,
    })),
  ];
};
