import type { ArchivedWhole } from '../../archive/index.ts';
import type { Newsletter, Publication } from '../../editions/index.ts';
import { escapeHtml } from '../../lib/escape.ts';

interface Head {
  newsletter: Newsletter;
  edition: ArchivedWhole;
  publication: Publication | undefined;
  url: string;
  back: string;
}

/** What a mail lacks as a page: where it stands, what is shown beside a link to it, and the way to the others. */
export function withHead(html: string, { newsletter, edition, publication, url, back }: Head): string {
  const head = [
    `<link rel="canonical" href="${escapeHtml(url)}">`,
    `<meta name="description" content="${escapeHtml(edition.preheader)}">`,
    meta('og:type', 'article'),
    meta('og:title', edition.subject),
    meta('og:description', edition.preheader),
    meta('og:url', url),
    meta('og:image', `${url}/share.jpg`),
    meta('og:image:width', '1200'),
    meta('og:image:height', '630'),
    meta('og:site_name', publication?.name ?? newsletter.name),
    meta('article:published_time', edition.sentAt.toISOString()),
    '<meta name="twitter:card" content="summary_large_image">',
  ];
  const style = 'margin:0;padding:12px 16px;text-align:center;font:14px/20px Helvetica,Arial,sans-serif;';
  const nav = `<nav style="${style}"><a href="/archive/${newsletter.slug}" style="color:#9a2a1d">${escapeHtml(`${back}: ${newsletter.name}`)}</a></nav>`;
  return html.replace('</head>', () => `${head.join('\n')}</head>`).replace(/<body[^>]*>/, (body) => `${body}${nav}`);
}

function meta(name: string, value: string): string {
  return `<meta property="${name}" content="${escapeHtml(value)}">`;
}
