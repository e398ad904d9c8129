import { plainCell } from '../../lib/csv.ts';
import { type ListedPerson, type Standing, standingOf } from './row.ts';

// Who wrote a list is told by the names of its columns; each of these programs has its own way to say that somebody has left, and to
// take it for "subscribed" would be to mail people who do not want it.

export interface Format {
  name: string;
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

/** What reads the lines under a header; undefined where no column has addresses. `file`: its name, which may tell a standing. */
export function formatOf(header: string[], file: string): Format | undefined {
  const names = header.map((name) => name.trim().toLowerCase());
  const shape = SHAPES.find(({ has }) => has.every((column) => names.includes(column)));
  const place = (known: string[]) => names.findIndex((name) => known.includes(name));
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
  const times = (shape?.at ?? AT).map((column) => names.indexOf(column)).filter((index) => index !== -1);
  return {
    name: shape?.name ?? 'CSV',
    read(record) {
      const cell = (index: number) => (index === -1 ? '' : (record[index] ?? '').trim());
      const value = (column: string) => cell(names.indexOf(column));
      const own = cell(leftAt) === '' ? standingOf(cell(status)) : 'left';
      const whole = cell(name) || [cell(first), cell(last)].filter(Boolean).join(' ');
      // A word that nobody knows is no yes.
      const standing = (shape === undefined ? own : shape.standing(value, file)) ?? 'unconfirmed';
      const at = times.map(cell).find((text) => text !== '') ?? '';
      return { address: plainCell(cell(address)), name: plainCell(whole), standing, at, language: cell(language) };
    },
  };
}

export const ADDRESS_COLUMNS = ADDRESS.slice(0, 3);
