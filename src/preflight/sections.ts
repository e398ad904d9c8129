import { shorten } from '../lib/text.ts';
import type { Check, Finding } from './finding.ts';

const LONG_HEADLINE = 140;

export const sections: Check = ({ content }) => {
  const pieces = content.sections.flatMap((section) => section.pieces);
  if (pieces.length === 0) return [{ level: 'error', code: 'edition-empty', sentence: 'The edition has no pieces.' }];
  // One without a piece, and without anything that an editor put there, is left out of the mail.
  const findings: Finding[] = content.sections
    .filter((section) => section.pieces.length === 0 && (section.blocks ?? []).length === 0)
    .map(({ key, title }) => ({
      level: 'note',
      code: 'section-empty',
      sentence: `The section “${title || key}” is empty, and the mail goes without it.`,
    }));
  const leads = content.sections.filter((section) => section.layout === 'lead').flatMap((section) => section.pieces);
  if (leads.some((piece) => piece.deck === ''))
    findings.push({ level: 'warning', code: 'lead-without-deck', sentence: 'The lead has no deck.' });
  if (leads.some((piece) => piece.image === null))
    findings.push({ level: 'note', code: 'lead-without-image', sentence: 'The lead has no photo.' });
  for (const piece of pieces) {
    if (piece.title.length > LONG_HEADLINE) {
      findings.push({
        level: 'warning',
        code: 'headline-long',
        sentence: `“${shorten(piece.title, 60)}” has ${piece.title.length} characters.`,
      });
    }
    if (piece.deck === '')
      findings.push({ level: 'note', code: 'deck-missing', sentence: `“${shorten(piece.title, 60)}” has no deck.` });
  }
  return findings;
};
