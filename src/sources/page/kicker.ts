import { type Classified, classify } from '../classify.ts';
import { type PageDocument, type PageElement, textOf } from './document.ts';

// The line over a headline that says what a piece is and where it plays: "Analysis | Middle East". No two sites mark it in
// the same way; it is found by its words, close to the headline.

const BEFORE = 40;
const AFTER = 15;
const MAX_LENGTH = 60;
const ELSEWHERE = 'nav, footer, aside, menu, [role="navigation"], ul ul';

export function kickerOf(document: PageDocument): Pick<Classified, 'kind' | 'region'> {
  const headline = document.querySelector('h1');
  const elements = [...document.querySelectorAll('*')] as unknown as PageElement[];
  const at = elements.indexOf(headline as unknown as PageElement);
  if (at < 0) return { kind: '', region: '' };
  const around = [...elements.slice(Math.max(0, at - BEFORE), at).toReversed(), ...elements.slice(at + 1, at + AFTER)];
  const found = { kind: '', region: '' };
  for (const element of around) {
    const text = textOf(element);
    if (text.length < 3 || text.length > MAX_LENGTH || element.closest(ELSEWHERE) !== null) continue;
    const { kind, region } = classify(text.split('/'));
    found.kind ||= kind;
    found.region ||= region;
    if (found.kind !== '' && found.region !== '') break;
  }
  return found;
}
