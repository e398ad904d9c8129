/** A mail that came to one of our addresses. */
export interface IncomingMail {
  /** The envelope's sender; empty for a report of a mail server (RFC 5321 4.5.5), and unknown where it was fetched. */
  from: string;
  /** The envelope's recipients; where it was fetched, whom its headers name. */
  to: string[];
  message: Buffer;
  /** The network address that it came from; empty where it was fetched. */
  client: string;
  /** It came by LMTP, from a mail server of ours. */
  isTrusted?: boolean;
}

/** Keeps a mail; resolved means that it is kept. Again is harmless. */
export type TakeMail = (mail: IncomingMail) => Promise<void>;

/** A report has the whole of what it is about, or its head. */
export const MAX_MESSAGE_BYTES = 5 * 1024 * 1024;

/** More comes from one network than it may. */
export class TooMuch extends Error {}
