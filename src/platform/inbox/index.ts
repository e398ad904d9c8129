export { type Inbox, inboxRelay, startInbox } from './server.ts';
export type { Maildir } from './maildir.ts';
