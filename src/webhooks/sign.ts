import { Webhook } from 'standardwebhooks';

/** By each secret, with spaces between: the receiver needs to know one of them. Throws where none can be read. */
export function signatureOf(
  secrets: (string | undefined)[],
  { id, sentAt, body }: { id: string; sentAt: Date; body: string },
): string {
  const known = secrets.filter((secret) => secret !== undefined);
  if (known.length === 0) throw new Error('its secret was encrypted with a key that is no longer in SECRETS');
  return known.map((secret) => new Webhook(secret).sign(id, sentAt, body)).join(' ');
}
