import type { Check, Finding } from './finding.ts';

const LONG = 120;

export const subject: Check = ({ content, subjectOf }) => {
  if (content.subject.trim() === '')
    return [{ level: 'error', code: 'subject-missing', sentence: 'The edition has no subject.' }];
  const findings: Finding[] = [];
  if (content.subject.length > LONG)
    findings.push({
      level: 'warning',
      code: 'subject-long',
      sentence: `The subject has ${content.subject.length} characters; phones show about 40, most programs 70.`,
    });
  if (subjectOf !== undefined)
    findings.push({
      level: 'warning',
      code: 'subject-used',
      sentence: `No. ${subjectOf} had this subject already; mail programs may show the two as one conversation.`,
    });
  return findings;
};
