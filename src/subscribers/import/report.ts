/** What becomes of a person. */
export const OUTCOMES = [
  'subscribed',
  'alreadySubscribed',
  /** Has left here, and stays away. */
  'left',
  /** Is not to be mailed. */
  'suppressed',
  /** Has left there: is known from now on as somebody who has. */
  'leftElsewhere',
  /** Bounced, complained or was struck off there: is not to be mailed from now on. */
  'struck',
  /** Never said yes there. */
  'unconfirmed',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export type ImportReport = Record<Outcome, number> & {
  /** What wrote the list: "Mailchimp", "CSV". */
  format: string;
  lines: number;
  /** Lines that name a person whom another line names, too; of several the gravest counts. */
  repeated: number;
  invalid: number;
  /** Columns that nothing was made of; what of them is wanted can be kept as attributes. */
  columns: string[];
  /** The first of the invalid lines, in words. */
  problems: ImportProblem[];
  /** The first lines of each outcome. */
  samples: ImportSample[];
};

export interface ImportProblem {
  /** Which file of an archive of several. */
  file?: string | null;
  line: number;
  reason: string;
  /** What stands there; not kept when the import is over. */
  found?: string;
}

export interface ImportSample {
  outcome: Outcome;
  file?: string | null;
  line: number;
  /** Not kept when the import is over. */
  address?: string;
}

const SAMPLES = 3;
const MAX_PROBLEMS = 50;
const MAX_COLUMNS = 100;

export function emptyReport(): ImportReport {
  const outcomes = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
  return { ...outcomes, format: '', lines: 0, repeated: 0, invalid: 0, columns: [], problems: [], samples: [] };
}

export function addProblem(report: ImportReport, problem: ImportProblem): void {
  report.invalid++;
  if (report.problems.length < MAX_PROBLEMS) report.problems.push(problem);
}

export function addColumns(report: ImportReport, columns: string[]): void {
  report.columns = [...new Set([...report.columns, ...columns])].slice(0, MAX_COLUMNS);
}

/** Of one outcome; of samples, those of the first lines stay. */
export function addOutcome(report: ImportReport, outcome: Outcome, count: number, samples: ImportSample[]): void {
  report[outcome] += count;
  const own = [...report.samples.filter((one) => one.outcome === outcome), ...samples];
  own.sort((a, b) => (a.file ?? '').localeCompare(b.file ?? '') || a.line - b.line);
  report.samples = [...report.samples.filter((one) => one.outcome !== outcome), ...own.slice(0, SAMPLES)];
}

/** What is read stays, and what becomes of it is not known yet. */
export function withoutOutcomes(report: ImportReport): ImportReport {
  const { format, lines, repeated, invalid, columns, problems } = report;
  return { ...emptyReport(), format, lines, repeated, invalid, columns, problems };
}

/** As it is kept for good: with numbers of lines, and without anybody's address. */
export function withoutPeople(report: ImportReport): ImportReport {
  return {
    ...report,
    problems: report.problems.map(({ found: _found, ...problem }) => problem),
    samples: report.samples.map(({ address: _address, ...sample }) => sample),
  };
}
