import { plainCell } from '../../lib/csv.ts';
import { oneLine } from '../../lib/text.ts';
import { CADENCES } from '../preferences.ts';
import { type ListedPerson, type Standing, answerOf, graver, standingOf } from './row.ts';

// Who wrote a list is told by the names of its columns; each of these programs has its own way to say that somebody has left, and to
// take it for "subscribed" would be to mail people who do not want it.

export interface Format {
  name: string;
  /** Columns of which nothing is made. */
  unused: string[];
  read(record: string[]): ListedPerson;
}

interface Shape {
  name: string;
  /** All of these columns are there. */
  has: string[];
  standing(value: (column: string) => string, file: string): Standing | undefined;
  at?: string[];
}

const isTrue = (text: string) => /^(true|t|yes|y|1)$/i.test(text.trim());
const isFalse = (text: string) => /^(false|f|no|n|0)$/i.test(text.trim());

const SHAPES: Shape[] = [
  {
    name: 'Roundup',
    has: ['email', 'status', 'every_days', 'consent_ground'],
    standing: (value) => standingOf(value('status')),
    at: ['since'],
  },
  {
    // An archive of one file for each standing; the columns tell, too.
    name: 'Mailchimp',
    has: ['email address', 'leid'],
    standing: (value, file) => {
      const of = /^(?:.*[\\/])?(subscribed|unsubscribed|cleaned|non-?subscribed|pending)/i.exec(file)?.[1];
      if (value('clean_time') !== '') return 'bounced';
      if (value('unsub_time') !== '') return 'left';
      return of === undefined ? 'subscribed' : (standingOf(of) ?? 'subscribed');
    },
    at: ['unsub_time', 'clean_time', 'confirm_time', 'optin_time'],
  },
  {
    name: 'Substack',
    has: ['email', 'active_subscription'],
    standing: (value) => (isTrue(value('email_disabled')) ? 'left' : 'subscribed'),
    at: ['created_at'],
  },
  {
    // A row may be called active and have left all the same.
    name: 'beehiiv',
    has: ['email', 'status', 'unsubscribed_at'],
    standing: (value) => (value('unsubscribed_at') === '' ? standingOf(value('status')) : 'left'),
    at: ['unsubscribed_at', 'created_at'],
  },
  {
    name: 'Ghost',
    has: ['email', 'subscribed_to_emails'],
    standing: (value) => (value('deleted_at') !== '' || isFalse(value('subscribed_to_emails')) ? 'left' : 'subscribed'),
    at: ['created_at'],
  },
  {
    name: 'listmonk',
    has: ['uuid', 'email', 'status'],
    standing: (value) => standingOf(value('status')),
    at: ['created_at'],
  },
  {
    name: 'Keila',
    has: ['email', 'external id'],
    standing: (value) => standingOf(value('status')),
  },
  {
    name: 'Buttondown',
    has: ['email_address', 'creation_date'],
    standing: buttondown,
    at: ['unsubscription_date', 'creation_date'],
  },
  {
    name: 'Buttondown',
    has: ['email', 'subscriber_type'],
    standing: buttondown,
    at: ['unsubscription_date', 'creation_date'],
  },
];

function buttondown(value: (column: string) => string): Standing | undefined {
  if (value('unsubscription_date') !== '') return 'left';
  if (value('undeliverability_date') !== '') return 'bounced';
  return standingOf(value('type') || value('subscriber_type'));
}

const ADDRESS = [
  'email',
  'email address',
  'email_address',
  'e-mail',
  'e-mail address',
  'address',
  'mail',
  'mail address',
  'correo',
  'correo electrónico',
  'courriel',
  'adresse e-mail',
];
const NAME = ['name', 'full name', 'full_name', 'display name', 'nombre', 'nom'];
const FIRST_NAME = ['first name', 'first_name', 'firstname', 'given name', 'prénom'];
const LAST_NAME = ['last name', 'last_name', 'lastname', 'surname', 'family name', 'apellidos'];
const STATUS = ['status', 'state', 'subscription status', 'subscriber_type', 'email_status', 'marketing status'];
const LANGUAGE = ['language', 'lang', 'locale'];
const AT = ['consent_at', 'subscribed_at', 'created_at', 'optin_time', 'signup date', 'subscription date', 'date'];
/** Columns that say of a list of any kind that somebody has left. */
const LEFT_AT = ['unsubscribed_at', 'unsubscribed at', 'unsub_time', 'unsubscription_date', 'unsubscribe date'];

const TOPICS = ['topics'];
const EVERY_DAYS = ['every_days'];
const PAUSED_UNTIL = ['paused_until'];
const MOST_ATTRIBUTES = 50;
const MOST_TOPICS = 100;
const TOPIC = /^[a-z0-9-]{1,40}$/;
const MAX_VALUE_LENGTH = 500;

/**
 * What reads the lines under a header; undefined where no column has addresses. `file`: its name, which may tell a standing. `keep`: the
 * columns that become attributes.
 */
export function formatOf(header: string[], file: string, keep: string[] = []): Format | undefined {
  const names = header.map(plainName);
  const shape = SHAPES.find(({ has }) => has.every((column) => names.includes(plainName(column))));
  const place = (known: string[]) => names.findIndex((name) => known.some((one) => plainName(one) === name));
  const address = place(ADDRESS);
  if (address === -1) return undefined;
  const [name, first, last, status, language] = [NAME, FIRST_NAME, LAST_NAME, STATUS, LANGUAGE].map(place) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const leftAt = place(LEFT_AT);
  const isOurs = shape?.name === 'Roundup';
  const [topics, everyDays, pausedUntil] = [TOPICS, EVERY_DAYS, PAUSED_UNTIL].map((known) =>
    isOurs ? place(known) : -1,
  ) as [number, number, number];
  const wanted = new Set([...keep.map(plainName), ...(isOurs ? ['attributes'] : [])]);
  const kept = names
    .flatMap((column, index) => (wanted.has(column) ? [{ column, index }] : []))
    .slice(0, MOST_ATTRIBUTES);
  const used = new Set([address, name, first, last, status, language, leftAt, topics, everyDays, pausedUntil]);
  const times = (shape?.at ?? AT).map((column) => names.indexOf(plainName(column))).filter((index) => index !== -1);
  return {
    name: shape?.name ?? 'CSV',
    unused: isOurs
      ? []
      : header
          .map((column) => oneLine(column, 80))
          .filter((_, index) => !used.has(index) && !wanted.has(names[index] ?? '')),
    read(record) {
      const cell = (index: number) => (index === -1 ? '' : (record[index] ?? '').trim());
      const value = (column: string) => cell(names.indexOf(plainName(column)));
      const own = cell(leftAt) === '' ? standingOf(cell(status)) : 'left';
      const whole = cell(name) || [cell(first), cell(last)].filter(Boolean).join(' ');
      // A word that nobody knows is no yes.
      const said = (shape === undefined ? own : shape.standing(value, file)) ?? 'unconfirmed';
      const standing = names.reduce<Standing>((so, column, index) => graver(so, answerOf(column, cell(index))), said);
      return {
        address: plainCell(cell(address)),
        name: plainCell(whole),
        standing,
        at: times.map(cell).find((text) => text !== '') ?? '',
        language: cell(language),
        topics: cell(topics)
          .split(' ')
          .filter((topic) => TOPIC.test(topic))
          .slice(0, MOST_TOPICS),
        everyDays: CADENCES.find((days) => String(days) === cell(everyDays)) ?? 0,
        pausedUntil: cell(pausedUntil),
        attributes: Object.fromEntries(
          kept.flatMap(({ column, index }) => attributesIn(column, plainCell(cell(index)))),
        ),
      };
    },
  };
}

export const ADDRESS_COLUMNS = ADDRESS.slice(0, 3);

/** "Created At", "created_at" and "created-at" are one column. */
function plainName(column: string): string {
  return column
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ');
}

/** Of one cell: itself under its column's name, or, where it is an object as listmonk and we write it, what is in it. */
function attributesIn(column: string, text: string): [string, string][] {
  if (text === '') return [];
  const object = column === 'attributes' ? objectIn(text) : undefined;
  if (object === undefined) return [[attributeName(column), oneLine(text, MAX_VALUE_LENGTH)]];
  return Object.entries(object)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value) && value !== '')
    .slice(0, MOST_ATTRIBUTES)
    .map(([key, value]) => [attributeName(key), oneLine(String(value), MAX_VALUE_LENGTH)]);
}

function objectIn(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** In lower case, with one word of letters, digits and underscores; as a filter names it. */
function attributeName(column: string): string {
  const name = oneLine(column)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '');
  return [...name].slice(0, 60).join('') || 'column';
}
