import type { FastifyReply } from 'fastify';

// What every answer carries. A page of ours runs no inline script; a mail that is shown runs none at all, in a sandbox of its
// own origin, so that nothing a source wrote can act as us.

const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; frame-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const MAIL_POLICY = (frameAncestors: string) =>
  "default-src 'none'; script-src 'none'; style-src 'unsafe-inline'; img-src http: https: data:; base-uri 'none'; " +
  `form-action 'none'; frame-ancestors ${frameAncestors}; ` +
  'sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation';

/** For bull-board, whose page styles itself in line; it asks nobody but us for anything. */
const BOARD_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

export function protectBoard(reply: FastifyReply): FastifyReply {
  return common(reply).header('content-security-policy', BOARD_POLICY);
}

export function protectPage(reply: FastifyReply): void {
  common(reply).header('content-security-policy', PAGE_POLICY);
}

/** For a mail's HTML: `'self'` where a page of ours frames it, `'none'` where it stands alone. */
export function protectMail(reply: FastifyReply, frameAncestors: "'self'" | "'none'"): void {
  common(reply).header('content-security-policy', MAIL_POLICY(frameAncestors));
}

/** For what is read by programs: nothing of it is ever shown as a page. */
export function protectData(reply: FastifyReply): FastifyReply {
  return common(reply).header('content-security-policy', "default-src 'none'; frame-ancestors 'none'; sandbox");
}

function common(reply: FastifyReply): FastifyReply {
  return reply
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer')
    .header('cross-origin-opener-policy', 'same-origin')
    .header('cache-control', 'no-store');
}
