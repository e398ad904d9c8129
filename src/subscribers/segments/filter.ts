import { RoundupError } from '../../platform/errors.ts';
import { type Token, quoted, tokensOf } from './words.ts';

// The filter of a segment, as an editor writes and reads it:
//
//   topic is asia and language in (fr, es) and not attributes.plan is "gold card"
//   subscribed in the last 30 days or attributes.age >= 40
//
// `and` binds more than `or`; brackets, `not`, and quotes around what is more than a word. Read by descent, a function a rule.

export type Filter = { all: Filter[] } | { any: Filter[] } | { not: Filter } | Condition;

export interface Condition {
  field: string;
  op: Op;
  /** None for `set`; a number of days for `last`; an ISO 8601 date for what compares dates. */
  values: string[];
}

const COMPARISONS = ['<', '<=', '>', '>='] as const;
const PHRASES = { contains: 'contains', begins: 'begins with', ends: 'ends with' } as const;
const DATES = ['before', 'after', 'since', 'on'] as const;
export type Op = 'is' | 'set' | 'last' | keyof typeof PHRASES | (typeof COMPARISONS)[number] | (typeof DATES)[number];

type Kind = 'choice' | 'text' | 'date';

/** What may be asked for; anything under `attributes.` is text. */
export const FIELDS: Record<string, { kind: Kind; means: string; choices?: string[] }> = {
  status: {
    kind: 'choice',
    means: 'of the subscription',
    choices: ['active', 'paused', 'unsubscribed', 'pending', 'suppressed'],
  },
  newsletter: { kind: 'choice', means: 'another one that they have, by its slug' },
  topic: { kind: 'choice', means: 'that they want; who has chosen none wants all' },
  language: { kind: 'choice', means: 'such as fr; without one of their own, the newsletter’s' },
  cadence: { kind: 'choice', means: 'one edition in so many days, 0 for each', choices: ['0', '14', '28'] },
  subscribed: { kind: 'date', means: 'when they came to this newsletter, or left it' },
  known: { kind: 'date', means: 'since when we have them' },
  address: { kind: 'text', means: 'their mail address' },
  domain: { kind: 'text', means: 'where they have it' },
  name: { kind: 'text', means: 'as they gave it' },
};
const ATTRIBUTE = /^attributes\.[\p{L}\p{N}_]{1,60}$/u;

const MAX_CONDITIONS = 100;
const MAX_DEPTH = 30;
/** A hundred years. */
const MAX_DAYS = 36_500;
const UNITS: Record<string, number> = {
  day: 1,
  days: 1,
  week: 7,
  weeks: 7,
  month: 30,
  months: 30,
  year: 365,
  years: 365,
};

/** Throws `input-invalid` with the place and what is expected there. */
export function parseFilter(text: string): Filter {
  return new Parser(tokensOf(text, wrong)).parse();
}

function wrong(why: string, hint?: string): RoundupError {
  return new RoundupError('input-invalid', `This filter cannot be read: ${why}.`, { hint });
}

class Parser {
  readonly #tokens: Token[];
  #at = 0;
  #conditions = 0;
  #depth = 0;

  constructor(tokens: Token[]) {
    this.#tokens = tokens;
  }

  parse(): Filter {
    const filter = this.#either();
    if (this.#next !== undefined) throw this.#expected('"and", "or" or the end');
    return filter;
  }

  get #next(): Token | undefined {
    return this.#tokens[this.#at];
  }

  #expected(what: string, hint?: string): RoundupError {
    const there = this.#next;
    const where = there === undefined ? 'at its end' : `at character ${there.at + 1}, “${there.text}”`;
    return wrong(`${where}: expected ${what}`, hint);
  }

  /** Takes a word that is not in quotes. */
  #take(...words: string[]): string | undefined {
    const token = this.#next;
    if (token === undefined || token.isQuoted || !words.includes(token.text.toLowerCase())) return undefined;
    this.#at++;
    return token.text.toLowerCase();
  }

  #demand(word: string): void {
    if (this.#take(word) === undefined) throw this.#expected(`"${word}"`);
  }

  #either(): Filter {
    if (++this.#depth > MAX_DEPTH) throw wrong('it has too many brackets in each other');
    const any = [this.#both()];
    while (this.#take('or') !== undefined) any.push(this.#both());
    this.#depth--;
    return any.length === 1 ? (any[0] as Filter) : { any };
  }

  #both(): Filter {
    const all = [this.#one()];
    while (this.#take('and') !== undefined) all.push(this.#one());
    return all.length === 1 ? (all[0] as Filter) : { all };
  }

  #one(): Filter {
    if (this.#take('not') !== undefined) {
      if (++this.#depth > MAX_DEPTH) throw wrong('it says “not” too often in a row');
      const not = this.#one();
      this.#depth--;
      return { not };
    }
    if (this.#take('(') === undefined) return this.#condition();
    const inner = this.#either();
    this.#demand(')');
    return inner;
  }

  #condition(): Filter {
    if (++this.#conditions > MAX_CONDITIONS) throw wrong(`it has more than ${MAX_CONDITIONS} conditions`);
    const token = this.#next;
    const field = token?.text.toLowerCase() ?? '';
    const kind = token?.isQuoted === true ? undefined : kindOf(field);
    if (kind === undefined)
      throw this.#expected('a field', `Fields are: ${Object.keys(FIELDS).join(', ')}, attributes.…`);
    this.#at++;
    return kind === 'date' ? this.#dateCondition(field) : this.#textCondition(field, kind);
  }

  #dateCondition(field: string): Filter {
    const op = this.#take(...DATES) as (typeof DATES)[number] | undefined;
    if (op !== undefined) return { field, op, values: [this.#date()] };
    const isNot = this.#take('not') !== undefined;
    for (const word of ['in', 'the', 'last']) {
      if (this.#take(word) === undefined && word !== 'the')
        throw this.#expected('"before", "after", "since", "on" or "in the last"');
    }
    const count = Number(this.#value());
    const unit = UNITS[this.#take(...Object.keys(UNITS)) ?? ''];
    if (!Number.isInteger(count) || count < 1 || unit === undefined || count * unit > MAX_DAYS)
      throw this.#expected('a number of days, weeks, months or years, such as 30 days');
    const last: Condition = { field, op: 'last', values: [String(count * unit)] };
    return isNot ? { not: last } : last;
  }

  #date(): string {
    const token = this.#next;
    const text = this.#value();
    if (isDay(text)) return text;
    if (token !== undefined) this.#at--;
    throw this.#expected('a date such as 2026-01-31');
  }

  #textCondition(field: string, kind: 'choice' | 'text'): Filter {
    if (this.#take('=') !== undefined) return { field, op: 'is', values: [this.#value()] };
    if (this.#take('!=') !== undefined) return { not: { field, op: 'is', values: [this.#value()] } };
    if (this.#take('in') !== undefined) return { field, op: 'is', values: this.#list() };
    if (this.#take('not') !== undefined) {
      this.#demand('in');
      return { not: { field, op: 'is', values: this.#list() } };
    }
    if (this.#take('is') !== undefined) return this.#is(field, kind);
    if (kind === 'choice') throw this.#expected('"is", "is not", "in" or "not in"');
    const phrase = this.#take(...Object.keys(PHRASES)) as keyof typeof PHRASES | undefined;
    if (phrase !== undefined) {
      if (phrase !== 'contains') this.#demand('with');
      return { field, op: phrase, values: [this.#value()] };
    }
    const comparison = this.#take(...COMPARISONS) as (typeof COMPARISONS)[number] | undefined;
    if (comparison === undefined)
      throw this.#expected('"is", "in", "contains", "begins with", "ends with", "is set", or one of < <= > >=');
    return { field, op: comparison, values: [this.#value()] };
  }

  #is(field: string, kind: 'choice' | 'text'): Filter {
    const isNot = this.#take('not') !== undefined;
    const isSet = kind === 'text' && this.#take('set') !== undefined;
    const condition: Condition = isSet
      ? { field, op: 'set', values: [] }
      : { field, op: 'is', values: [this.#value()] };
    return isNot ? { not: condition } : condition;
  }

  #list(): string[] {
    if (this.#take('(') === undefined) throw this.#expected('a list in brackets, such as (fr, es)');
    const values = [this.#value()];
    while (this.#take(',') !== undefined) values.push(this.#value());
    this.#demand(')');
    return values;
  }

  #value(): string {
    const token = this.#next;
    const isWord = token !== undefined && (token.isQuoted || /[\p{L}\p{N}]/u.test(token.text));
    if (!isWord) throw this.#expected('a value, in quotes where it is more than a word');
    this.#at++;
    return token.text;
  }
}

/** A day that there is, from 1900 to 2199. */
function isDay(text: string): boolean {
  const time = /^(19|20|21)\d\d-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function kindOf(field: string): Kind | undefined {
  if (ATTRIBUTE.test(field)) return 'text';
  return Object.hasOwn(FIELDS, field) ? FIELDS[field]?.kind : undefined;
}

/** In its usual form: what was written in other words comes out in these. */
export function filterText(filter: Filter): string {
  return written(filter, 0);
}

/** `within`: 0 at the top, 1 in an `or`, 2 in an `and`, 3 after a `not`. */
function written(filter: Filter, within: number): string {
  if ('any' in filter) return inBrackets(filter.any.map((one) => written(one, 1)).join(' or '), within > 1);
  if ('all' in filter) return inBrackets(filter.all.map((one) => written(one, 2)).join(' and '), within > 2);
  if ('not' in filter) return negated(filter.not);
  return conditionText(filter, '');
}

function inBrackets(text: string, is: boolean): string {
  return is ? `(${text})` : text;
}

function negated(filter: Filter): string {
  const isPlain = 'op' in filter && ['is', 'set', 'last'].includes(filter.op);
  return isPlain ? conditionText(filter as Condition, 'not ') : `not ${written(filter, 3)}`;
}

function conditionText({ field, op, values }: Condition, not: string): string {
  const [value = ''] = values;
  if (op === 'set') return `${field} is ${not}set`;
  if (op === 'last') return `${field} ${not}in the last ${value} days`;
  if (op === 'is' && values.length > 1) return `${field} ${not}in (${values.map(quoted).join(', ')})`;
  const phrase = op in PHRASES ? PHRASES[op as keyof typeof PHRASES] : op;
  return `${field} ${phrase} ${not}${quoted(value)}`;
}

export function conditionsOf(filter: Filter): Condition[] {
  if ('any' in filter) return filter.any.flatMap(conditionsOf);
  if ('all' in filter) return filter.all.flatMap(conditionsOf);
  return 'not' in filter ? conditionsOf(filter.not) : [filter];
}
