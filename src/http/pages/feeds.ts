import { escapeHtml } from '../../lib/escape.ts';

export interface Feed {
  title: string;
  description: string;
  language: string;
  home: string;
  self: string;
  items: { title: string; summary: string; url: string; at: Date }[];
}

/** RSS 2.0, with its own address as Atom's rel=self. */
export function rssFeed({ title, description, language, home, self, items }: Feed): string {
  const rows = items.map(
    (item) =>
      `<item>${tag('title', item.title)}${tag('link', item.url)}<guid isPermaLink="true">${escapeHtml(item.url)}</guid>${tag('pubDate', item.at.toUTCString())}${tag('description', item.summary)}</item>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>${tag('title', title)}${tag('link', home)}${tag('description', description === '' ? title : description)}${tag('language', language)}<atom:link rel="self" type="application/rss+xml" href="${escapeHtml(self)}"/>${rows.join('')}</channel></rss>
`;
}

function tag(name: string, text: string): string {
  return `<${name}>${escapeHtml(xmlText(text))}</${name}>`;
}

/** JSON Feed 1.1. */
export function jsonFeed({ title, description, language, home, self, items }: Feed): string {
  return JSON.stringify({
    version: 'https://jsonfeed.org/version/1.1',
    title,
    description,
    language,
    home_page_url: home,
    feed_url: self,
    items: items.map((item) => ({
      id: item.url,
      url: item.url,
      title: item.title,
      summary: item.summary,
      content_text: item.summary,
      date_published: item.at.toISOString(),
    })),
  });
}

/** What is no character of XML 1.0 (2.2). */
const NOT_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** What XML cannot hold is left out. */
function xmlText(text: string): string {
  return text.toWellFormed().replace(NOT_XML, '');
}
