/** What MJML has made, as it goes out. */
export function finished(html: string): string {
  return compact(withMain(html));
}

/** MJML makes the mail an article; on its own in a browser it is a page, which has a main part. */
function withMain(html: string): string {
  return html.replace(/<body[^>]*>/, '$&<div role="main">').replace(/<\/body>/, '</div></body>');
}

/** MJML indents for people; half of a mail's bytes would be spaces. */
function compact(html: string): string {
  return html
    .replace(/^[ \t]+/gm, '')
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{2,}/g, '\n')
    .trim();
}
