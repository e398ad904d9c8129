import type { Check } from './finding.ts';

const LONG = 120;

export const subject: Check = ({ content }) => {
  if (content.subject.trim() === '')
    return [{ level: 'error', code: 'subject-missing', sentence: 'The edition has no subject.' }];
  if (content.subject.length > LONG) {
    return [
      {
        level: 'warning',
        code: 'subject-long',
        sentence: `The subject has ${content.subject.length} characters; phones show about 40, most programs 70.`,
      },
    ];
  }
  return [];
};
