import type { Check, Finding } from './finding.ts';

export const images: Check = ({ content }) => {
  const findings: Finding[] = [];
  for (const { image, title } of content.sections.flatMap((section) =>
    section.layout === 'shorts' ? [] : section.pieces,
  )) {
    if (image === null) continue;
    if (image.alt === '')
      findings.push({
        level: 'warning',
        code: 'alt-missing',
        sentence: `The image of “${title}” has no alternative text.`,
      });
    if (image.url.startsWith('http:') && !isLocal(image.url)) {
      findings.push({
        level: 'warning',
        code: 'image-insecure',
        sentence: `The image of “${title}” is not on https; mail programs may not show it.`,
      });
    }
  }
  return findings;
};

function isLocal(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname.startsWith('127.');
}
