export { type Listener, listenForMail } from './listener.ts';
export { type IncomingMail, TooMuch } from './mail.ts';
export { fetchMail } from './mailbox.ts';
