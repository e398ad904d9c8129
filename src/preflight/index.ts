import { changes } from './changes.ts';
import { contrast } from './contrast.ts';
import type { Check, CheckInput, Finding } from './finding.ts';
import { images } from './images.ts';
import { links } from './links.ts';
import { placeholders } from './placeholders.ts';
import { rendering } from './rendering.ts';
import { sections } from './sections.ts';
import { size } from './size.ts';
import { subject } from './subject.ts';
import { text } from './text.ts';

export type { Finding } from './finding.ts';
export { weightOf } from './size.ts';

const CHECKS: Check[] = [changes, subject, sections, rendering, size, images, links, placeholders, contrast, text];

/** Every check over a rendered edition; errors first. */
export function preflight(input: CheckInput): Finding[] {
  const order = { error: 0, warning: 1, note: 2 };
  return CHECKS.flatMap((check) => check(input)).toSorted((a, b) => order[a.level] - order[b.level]);
}
