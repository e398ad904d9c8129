import { type Role, isAtLeast } from '../../accounts/index.ts';
import type { Identity } from '../access.ts';

// The desk's rooms, and what is in each. An account sees those that it may enter.

interface Room {
  href: string;
  name: string;
  who: Role;
  wholeHouse?: true;
  /** Other paths that belong to it, as their beginnings. */
  also?: string[];
  within?: Room[];
}

const ROOMS: Room[] = [
  { href: '/', name: 'Editions', who: 'viewer', also: ['/editions'] },
  { href: '/pieces', name: 'Pool', who: 'viewer' },
  { href: '/sources', name: 'Sources', who: 'viewer' },
  { href: '/newsletters', name: 'Newsletters', who: 'viewer' },
  {
    href: '/subscribers',
    name: 'Readers',
    who: 'editor',
    within: [
      { href: '/subscribers', name: 'Subscribers', who: 'editor' },
      { href: '/imports', name: 'Imports', who: 'editor' },
      { href: '/segments', name: 'Segments', who: 'editor' },
      { href: '/suppressions', name: 'Suppressions', who: 'editor', wholeHouse: true },
    ],
  },
  {
    href: '/settings',
    name: 'House',
    who: 'administrator',
    wholeHouse: true,
    within: [
      { href: '/settings', name: 'Settings', who: 'administrator' },
      { href: '/start', name: 'First steps', who: 'administrator' },
      { href: '/senders', name: 'Senders', who: 'administrator' },
      { href: '/themes', name: 'Themes', who: 'administrator' },
      { href: '/accounts', name: 'Accounts', who: 'administrator' },
      { href: '/webhooks', name: 'Webhooks', who: 'administrator' },
      { href: '/audit', name: 'Audit', who: 'administrator' },
      { href: '/queue', name: 'Queue', who: 'administrator' },
      { href: '/inbox', name: 'Inbox', who: 'administrator' },
    ],
  },
];

export interface NavItem {
  href: string;
  name: string;
  isHere: boolean;
}

/** The rooms, and what is in the one where somebody is. */
export function navOf(
  { account, newsletterIds }: Identity,
  path: string,
  hasInbox: boolean,
): { rooms: NavItem[]; within: NavItem[] } {
  const mayEnter = ({ who, wholeHouse, href }: Room) =>
    isAtLeast(account.role, who) && (wholeHouse !== true || newsletterIds === null) && (href !== '/inbox' || hasInbox);
  const isIn = (beginning: string) => path === beginning || (beginning !== '/' && path.startsWith(`${beginning}/`));
  const isHere = ({ href, also = [], within = [] }: Room): boolean => [href, ...also].some(isIn) || within.some(isHere);
  const shown = (room: Room): NavItem => ({ href: room.href, name: room.name, isHere: isHere(room) });
  const rooms = ROOMS.filter(mayEnter);
  const here = rooms.find(isHere);
  return { rooms: rooms.map(shown), within: (here?.within ?? []).filter(mayEnter).map(shown) };
}
