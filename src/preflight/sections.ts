import type { Check, Finding } from './finding.ts';

export const sections: Check = ({ content }) => {
  const pieces = content.sections.flatMap((section) => section.pieces);
  if (pieces.length === 0) return [{ level: 'error', code: 'edition-empty', sentence: 'The edition has no pieces.' }];
  const findings: Finding[] = [];
  const leads = content.sections.filter((section) => section.layout === 'lead').flatMap((section) => section.pieces);
  if (leads.some((piece) => piece.deck === ''))
    findings.push({ level: 'warning', code: 'lead-without-deck', sentence: 'The lead has no deck.' });
  if (leads.some((piece) => piece.image === null))
    findings.push({ level: 'note', code: 'lead-without-image', sentence: 'The lead has no photo.' });
  return findings;
};
