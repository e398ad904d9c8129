import type { Check } from './finding.ts';

/** Somebody has to look at what became of a piece before it goes out. */
export const changes: Check = (input) =>
  input.changes.map(({ title, changes: own }) => ({
    level: 'error',
    code: 'piece-changed',
    sentence: `“${title}” has changed since: ${own.join('; ')}.`,
  }));
