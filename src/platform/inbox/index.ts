export { type Inbox, inboxRelay, startInbox } from './server.ts';
export type { InboxEntry, Maildir } from './maildir.ts';
