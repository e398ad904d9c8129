/** How somebody stands in the list that is imported; where a list has somebody several times, the last of these counts. */
export const STANDINGS = [
  /** Has never said yes. */
  'unconfirmed',
  'subscribed',
  /** Has left there. */
  'left',
  /** Was struck off there, by whoever kept it. */
  'blocked',
  'bounced',
  'complained',
] as const;
export type Standing = (typeof STANDINGS)[number];

/** What a line says, before its address is looked at. */
export interface ListedPerson {
  address: string;
  name: string;
  standing: Standing;
  /** When they came, or left; as it is written there. */
  at: string;
  language: string;
  topics: string[];
  everyDays: number;
  /** As it is written there; empty for no break. */
  pausedUntil: string;
  attributes: Record<string, string>;
}

/** Words for a standing, as lists of all kinds have them. */
const WORDS: [Standing, RegExp][] = [
  ['complained', /^(complain(ed|t)?|spam( complaint)?|abuse|reported)$/],
  ['bounced', /^(bounced?|cleaned|undeliverable|unreachable|hard[ _-]?bounced?|invalid|soft[ _-]?bounced?)$/],
  ['blocked', /^(block(ed|listed)?|blacklisted|banned|spammy|suppressed|removed|deleted|archived)$/],
  ['left', /^(unsub(scribed)?|opt(ed)?[ _-]?out|inactive|disabled|cancel(l)?ed|left|unsubscriber|off|no)$/],
  [
    'unconfirmed',
    /^(unconfirmed|pending|unactivated|validating|needs[ _-]?attention|not[ _-]?confirmed|awaiting.*|non-?subscribed|transactional)$/,
  ],
];

/** Of a word in a column such as "Status"; undefined for one that we do not know. */
export function standingOf(word: string): Standing | undefined {
  const text = word.trim().toLowerCase();
  return WORDS.find(([, words]) => words.test(text))?.[0] ?? (ACTIVE.test(text) ? 'subscribed' : undefined);
}

const ACTIVE =
  /^(active|subscribed|enabled|confirmed|regular|premium|gifted|trialed|unpaid|paid|free|comped|churning|paused|past[ _-]?due|yes|true|on|1|)$/;

/** Columns that are a question: what a yes, a date included, says of somebody, and what a no does. */
const QUESTIONS: { name: RegExp; yes?: Standing; no?: Standing }[] = [
  { name: /^(is[ _-]?)?(complained|complaint|spam([ _-]?complaint)?|marked[ _-]?as[ _-]?spam)$/, yes: 'complained' },
  { name: /^(is[ _-]?|hard[ _-]?)?(bounced?|cleaned|undeliverable)([ _-]?(at|date))?$/, yes: 'bounced' },
  { name: /^(is[ _-]?)?(blocked|blocklisted|blacklisted|banned|suppressed)([ _-]?at)?$/, yes: 'blocked' },
  {
    name: /^(is[ _-]?|has[ _-]?)?(unsubscribed?|opt(ed)?[ _-]?out|email[ _-]?disabled)([ _-]?(at|date))?$/,
    yes: 'left',
  },
  {
    name: /^(is[ _-]?)?(subscribed|active|opt(ed)?[ _-]?in|email[ _-]?(consent|enabled)|accepts[ _-]?(email[ _-]?)?marketing)$/,
    no: 'left',
  },
  { name: /^(is[ _-]?)?(confirmed|email[ _-]?confirmed|double[ _-]?opt[ _-]?in)$/, no: 'unconfirmed' },
];
const NO = /^(false|f|no|n|0|never|nein|non|-)$/i;

/** What a column that is a question says of somebody by a cell; undefined for a column that is none, and for a cell that says nothing. */
export function answerOf(column: string, cell: string): Standing | undefined {
  const question = QUESTIONS.find(({ name }) => name.test(column));
  const text = cell.trim();
  if (question === undefined || text === '') return undefined;
  return NO.test(text) ? question.no : question.yes;
}

/** The graver of two; of "subscribed" and "never said yes" of one person in one line, the latter. */
export function graver(a: Standing, b: Standing | undefined): Standing {
  if (b === undefined) return a;
  if (b === 'unconfirmed') return a === 'subscribed' ? b : a;
  return STANDINGS.indexOf(b) > STANDINGS.indexOf(a) ? b : a;
}
