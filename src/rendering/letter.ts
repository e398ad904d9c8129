import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '../lib/root.ts';
import { finished } from './html.ts';
import { wrap } from '../lib/wrap.ts';

/** A letter to a reader: a few sentences, one thing to do, and who writes. All of it is plain text. */
export interface LetterContent {
  language: string;
  direction: 'ltr' | 'rtl';
  subject: string;
  publication: string;
  title: string;
  paragraphs: string[];
  button: { label: string; url: string } | undefined;
  /** Smaller, below. */
  small: string[];
  postalAddress: string;
}

interface Templates {
  mjml: (view: unknown) => string;
  text: (view: unknown) => string;
}

const FOLDER = path.join(PROJECT_ROOT, 'templates/letters');
let templates: Promise<Templates> | undefined;

/** A letter as HTML and as text. */
export async function renderLetter(content: LetterContent): Promise<{ html: string; text: string }> {
  templates ??= load();
  const [{ default: mjml2html }, { mjml, text }] = await Promise.all([import('mjml'), templates]);
  const view = { ...content, start: content.direction === 'rtl' ? 'right' : 'left' };
  const { html, errors } = await mjml2html(mjml(view), {
    validationLevel: 'soft',
    keepComments: false,
    ignoreIncludes: true,
    fonts: {},
  });
  if (errors.length > 0) throw new Error(`templates/letters/reader.mjml.hbs: ${errors[0]?.formattedMessage}`);
  return { html: finished(html), text: text(view) };
}

async function load(): Promise<Templates> {
  const { default: Handlebars } = await import('handlebars');
  const handlebars = Handlebars.create();
  handlebars.registerHelper('wrap', (text: string) => new Handlebars.SafeString(wrap(text)));
  const options = { knownHelpersOnly: true, knownHelpers: { wrap: true } };
  return {
    mjml: handlebars.compile(source('reader.mjml.hbs'), options),
    text: handlebars.compile(source('reader.txt.hbs'), { ...options, noEscape: true }),
  };
}

function source(file: string): string {
  return readFileSync(path.join(FOLDER, file), 'utf8');
}
