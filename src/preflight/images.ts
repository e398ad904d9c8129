import type { Check, Finding } from './finding.ts';

export const images: Check = ({ content, imageProblems }) => {
  const missing = imageProblems.map(({ title, reason }): Finding => ({
    level: 'warning',
    code: 'image-missing',
    sentence: `The image of “${title}” is left out: ${reason}`,
  }));
  const lost = new Set(imageProblems.map(({ title }) => title));
  const shown = content.sections.flatMap(({ layout, pieces }) =>
    layout === 'lead' || layout === 'cards' ? pieces : [],
  );
  const unnamed = shown.filter(({ image, title }) => image !== null && image.alt === '' && !lost.has(title));
  return [
    ...missing,
    ...unnamed.map(({ title }): Finding => ({
      level: 'warning',
      code: 'alt-missing',
      sentence: `The image of “${title}” has no alternative text.`,
    })),
  ];
};
