// Pages that stand where a feed or an article should be, because the site takes us for a robot that it does not want.

const WALLS: [pattern: RegExp, who: string][] = [
  [/<title>\s*(Just a moment\.\.\.|Attention Required! \| Cloudflare)\s*<\/title>|_cf_chl_opt/i, 'Cloudflare'],
  [/_Incapsula_Resource|Incapsula incident ID/i, 'Imperva'],
  [/captcha-delivery\.com/i, 'DataDome'],
  [/px-captcha/i, 'HUMAN'],
  [
    /<title>\s*(Access Denied|Pardon Our Interruption|Are you a robot\?|Robot Check|Verify you are human)\s*<\/title>/i,
    'the site',
  ],
  [/<title>\s*Making sure you(&#39;|')re not a bot!\s*<\/title>|anubis_challenge/i, 'Anubis'],
];
const LOOKED_AT = 100_000;
/** A page with so many paragraphs is what was asked for, whatever scripts it carries. */
const FEWEST_PARAGRAPHS = 5;

/** In words, where a document is a bot wall. */
export function wallIn(html: string): string | undefined {
  const start = html.slice(0, LOOKED_AT);
  const who = WALLS.find(([pattern]) => pattern.test(start))?.[1];
  if (who === undefined || (html.match(/<p[\s>]/gi)?.length ?? 0) >= FEWEST_PARAGRAPHS) return undefined;
  return `it answers with a page that wants a browser (a bot wall of ${who}): ask the site to let this program in`;
}
