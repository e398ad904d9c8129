import { shorten } from '../lib/text.ts';
import type { Check, Finding } from './finding.ts';

/** Where links led when they were last looked at; what cannot be said for sure is no finding. */
export const links: Check = ({ content, links: checks = [] }) =>
  checks.flatMap(({ url, outcome, leadsTo, said }): Finding[] => {
    const pieces = content.sections.flatMap((section) => section.pieces);
    const title = pieces.find((piece) => piece.url === url)?.title;
    const name = title === undefined ? `The link ${shorten(url, 80)}` : `The link of “${shorten(title, 60)}”`;
    switch (outcome) {
      case 'dead':
        return [{ level: 'warning', code: 'link-dead', sentence: `${name} is dead: ${said}.` }];
      case 'lost':
        return [
          { level: 'warning', code: 'link-lost', sentence: `${name} leads to the first page of its site instead.` },
        ];
      case 'moved':
        return [
          {
            level: 'note',
            code: 'link-moved',
            sentence: `${name} has moved for good, to ${shorten(leadsTo ?? '', 100)}.`,
          },
        ];
      default:
        return [];
    }
  });
