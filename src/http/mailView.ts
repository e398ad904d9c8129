/** A mail's HTML in the scheme that is asked for, whatever the browser's is; without images as many mail programs have it at first. */
export function asSeen(html: string, view: string): string {
  const scheme = html.replaceAll(
    '@media (prefers-color-scheme: dark)',
    view === 'dark' ? '@media all' : '@media not all',
  );
  return view === 'images off' ? scheme.replace(/(<img\b[^>]*?)\ssrc="[^"]*"/g, '$1 src="data:,"') : scheme;
}
