import { oneLine } from '../lib/text.ts';

// Publications say what a piece is, and where in the world it plays, among their categories. These are the words in use;
// what is neither stays a tag.

const KINDS: Record<string, string> = {
  analysis: 'Analysis',
  reporting: 'Reporting',
  report: 'Reporting',
  news: 'Reporting',
  opinion: 'Opinion',
  commentary: 'Opinion',
  'op-ed': 'Opinion',
  column: 'Opinion',
  editorial: 'Opinion',
  interview: 'Interview',
  review: 'Review',
  video: 'Video',
  podcast: 'Podcast',
  dispatch: 'Dispatch',
  blog: 'Dispatch',
  shorts: 'Dispatch',
  qiosk: 'QiOSK',
  análisis: 'Análisis',
  opinión: 'Opinión',
  reportaje: 'Reportaje',
  entrevista: 'Entrevista',
  analyse: 'Analyse',
  reportage: 'Reportage',
  tribune: 'Tribune',
  chronique: 'Chronique',
  entretien: 'Entretien',
};

const REGIONS: Record<string, string> = {
  'middle east': 'Middle East',
  mideast: 'Middle East',
  europe: 'Europe',
  'asia-pacific': 'Asia-Pacific',
  'asia pacific': 'Asia-Pacific',
  asia: 'Asia-Pacific',
  africa: 'Africa',
  'latin america': 'Latin America',
  'north america': 'North America',
  americas: 'Americas',
  'global crises': 'Global Crises',
  global: 'Global',
  washington: 'Washington',
  'washington politics': 'Washington Politics',
  'military industrial complex': 'Military Industrial Complex',
  'south asia': 'South Asia',
  'east asia': 'East Asia',
  'central asia': 'Central Asia',
  'southeast asia': 'Southeast Asia',
  eurasia: 'Eurasia',
  'north africa': 'North Africa',
  caribbean: 'Caribbean',
};

const MAX_TAGS = 50;
const MAX_TAG_LENGTH = 100;

export interface Classified {
  kind: string;
  region: string;
  tags: string[];
}

/** Sorts a piece's categories. A kicker such as "Analysis | Middle East" counts as two of them. */
export function classify(categories: readonly string[]): Classified {
  const words = categories
    .flatMap((category) => category.split(/[|•·›»]/))
    .map((word) => oneLine(word, MAX_TAG_LENGTH));
  const known = (table: Record<string, string>) =>
    words.map((word) => entry(table, word)).find((value) => value !== undefined);
  const tags = words.filter(
    (word) => word !== '' && entry(KINDS, word) === undefined && entry(REGIONS, word) === undefined,
  );
  return { kind: known(KINDS) ?? '', region: known(REGIONS) ?? '', tags: [...new Set(tags)].slice(0, MAX_TAGS) };
}

function entry(table: Record<string, string>, word: string): string | undefined {
  const key = word.toLowerCase();
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
