export { type Listener, listenForMail } from './listener.ts';
export { type IncomingMail, TooMuch } from './mail.ts';
export { fetchMail, probeMailbox } from './mailbox.ts';
