import { randomBytes } from 'node:crypto';

/** What webhooks' secrets are sealed for. */
export const SECRET_PURPOSE = 'webhook';
const SECRET_BYTES = 32;

/** As Standard Webhooks writes them: `whsec_` and base64. */
export function newWebhookSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}
