import { compile } from 'html-to-text';
import MarkdownIt from 'markdown-it';
import sanitizeHtml from 'sanitize-html';

// The editor's note: Markdown in, mail HTML and plain text out. Raw HTML in it is text, and what Markdown makes is put through
// an allow-list all the same.

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: true });

const ALLOWED: sanitizeHtml.IOptions = {
  allowedTags: ['p', 'br', 'strong', 'em', 'a', 'ul', 'ol', 'li', 'blockquote', 'hr'],
  allowedAttributes: { a: ['href'] },
  allowedSchemes: ['http', 'https', 'mailto'],
  allowProtocolRelative: false,
};

export function noteToHtml(note: string): string {
  if (note.trim() === '') return '';
  return sanitizeHtml(markdown.render(note), ALLOWED).trim();
}

const converters = new Map<number, (html: string) => string>();

/** Lines of at most `width` characters; links follow their words, in brackets. */
export function noteToText(note: string, width: number): string {
  if (note.trim() === '') return '';
  const known =
    converters.get(width) ??
    compile({ wordwrap: width, selectors: [{ selector: 'a', options: { hideLinkHrefIfSameAsText: true } }] });
  converters.set(width, known);
  return known(noteToHtml(note));
}
