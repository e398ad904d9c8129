/** How somebody stands in the list that is imported. */
export type Standing =
  | 'subscribed'
  /** Has left there. */
  | 'left'
  | 'bounced'
  | 'complained'
  /** Was struck off there, by whoever kept it. */
  | 'blocked'
  /** Has never said yes. */
  | 'unconfirmed';

/** What a line says, before its address is looked at. */
export interface ListedPerson {
  address: string;
  name: string;
  standing: Standing;
  /** When they came, or left; as it is written there. */
  at: string;
  language: string;
}

/** Words for a standing, as lists of all kinds have them. */
const STANDINGS: [Standing, RegExp][] = [
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
  return STANDINGS.find(([, words]) => words.test(text))?.[0] ?? (ACTIVE.test(text) ? 'subscribed' : undefined);
}

const ACTIVE =
  /^(active|subscribed|enabled|confirmed|regular|premium|gifted|trialed|unpaid|paid|free|comped|churning|paused|past[ _-]?due|yes|true|on|1|)$/;
