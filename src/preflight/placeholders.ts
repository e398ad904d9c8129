import { shorten } from '../lib/text.ts';
import type { Check, Finding } from './finding.ts';

/** What somebody meant to fill in: merge tags of other programs, marks that newsrooms use for "to come". */
const PATTERNS = [
  /\{\{[^{}]{1,80}\}\}/,
  /\*\|[A-Z0-9_:]{1,40}\|\*/,
  /%%[A-Za-z0-9_ ]{1,40}%%/,
  /\[(?:TK|TODO|XXX|TBC|TBD)[^\]]{0,60}\]/i,
  /\bTKTK\b|\bTK\b/,
  /\blorem ipsum\b/i,
];

/** Gaps that nobody has filled: the mail would show them as they stand. */
export const placeholders: Check = ({ content }) => {
  const pieces = content.sections.flatMap((section) => section.pieces);
  const blocks = content.sections.flatMap((section) => section.blocks ?? []);
  const places: [where: string, text: string][] = [
    ['The subject', content.subject],
    ['The preheader', content.preheader],
    ['The editor’s note', content.note],
    ...content.sections.map(({ title }): [string, string] => ['A section’s heading', title]),
    ...pieces.flatMap(({ title, deck }): [string, string][] => [
      [`The headline “${shorten(title, 60)}”`, title],
      [`The deck of “${shorten(title, 60)}”`, deck],
    ]),
    ...blocks.map((block): [string, string] =>
      block.kind === 'note' ? ['A note', block.text] : ['A button', block.kind === 'button' ? block.label : ''],
    ),
  ];
  return places.flatMap(([where, text]): Finding[] => {
    const found = PATTERNS.map((pattern) => pattern.exec(text)?.[0]).find((match) => match !== undefined);
    if (found === undefined) return [];
    return [
      { level: 'warning', code: 'placeholder', sentence: `${where} has a gap that nobody has filled: “${found}”.` },
    ];
  });
};
