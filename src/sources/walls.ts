// Pages that stand where a feed or an article should be, because the site takes us for a robot that it does not want.

const WALLS: [pattern: RegExp, who: string][] = [
  [
    /<title>\s*(Just a moment\.\.\.|Attention Required! \| Cloudflare)|cf-browser-verification|cf_chl_opt|challenge-platform/i,
    'Cloudflare',
  ],
  [/_Incapsula_Resource|Incapsula incident/i, 'Imperva'],
  [/captcha-delivery\.com|DataDome/i, 'DataDome'],
  [/px-captcha|perimeterx/i, 'HUMAN'],
  [/<title>\s*(Access Denied|Pardon Our Interruption|Are you a robot\?|Robot Check|Verify you are human)/i, 'the site'],
  [/<title>\s*(Making sure you&#39;re not a bot!|Making sure you're not a bot!)|anubis_challenge/i, 'Anubis'],
];
const LOOKED_AT = 50_000;

/** In words, where a document is a bot wall. */
export function wallIn(html: string): string | undefined {
  const start = html.slice(0, LOOKED_AT);
  const who = WALLS.find(([pattern]) => pattern.test(start))?.[1];
  if (who === undefined) return undefined;
  return `it answers with a page that wants a browser (a bot wall of ${who}): ask the site to let this program in`;
}
