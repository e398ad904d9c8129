import { sha256 } from '../lib/hash.ts';
import { type Cut, type GapName, type Gaps, openGaps } from './gaps.ts';
import type { Theme } from './theme.ts';
import { finished } from './html.ts';
import type { RenderInput } from './view.ts';

// An edition in, a mail out, with its gaps: pure but for the random markers, which are gone from the result.

export interface Rendered {
  subject: string;
  html: Cut;
  text: Cut;
  /** What MJML found wrong with the theme. */
  problems: string[];
  /** Of all that a reader gets; the same input gives the same hash. */
  hash: string;
}

export const MJML_OPTIONS = { validationLevel: 'soft', keepComments: false, ignoreIncludes: true, fonts: {} } as const;

/** What the templates see, with markers for what differs from reader to reader. */
export async function viewFor(input: RenderInput, theme: Theme, gaps: Gaps) {
  const { viewOf } = await import('./view.ts');
  const markers = {
    address: gaps.marker('address'),
    unsubscribeToken: gaps.marker('unsubscribeToken'),
    preferencesToken: gaps.marker('preferencesToken'),
    viewToken: gaps.marker('viewToken'),
  };
  return viewOf(input, markers, theme);
}

export async function renderEdition(input: RenderInput, theme: Theme): Promise<Rendered> {
  // Loaded by whoever renders: a worker only splices.
  const { default: mjml2html } = await import('mjml');
  const gaps = openGaps();
  const view = await viewFor(input, theme, gaps);
  const mjml = theme.mjml(view);
  const { html, errors } = await mjml2html(mjml, MJML_OPTIONS);
  const problems = errors.map(({ tagName, message }) => `The theme "${theme.name}": <${tagName}>: ${message.trim()}.`);
  const rendered = {
    subject: input.content.subject,
    html: gaps.cut(finished(html)),
    text: gaps.cut(tidy(theme.text(view))),
  };
  const before = gaps.cut(mjml);
  for (const gap of ['unsubscribeToken', 'preferencesToken', 'viewToken'] as const) {
    if (count(before, gap) === count(rendered.html, gap)) continue;
    problems.push(`The theme "${theme.name}" lost or doubled the reader's ${gap} on its way through MJML.`);
  }
  return {
    ...rendered,
    problems,
    hash: sha256(rendered.subject, JSON.stringify(rendered.html), JSON.stringify(rendered.text)),
  };
}

function count(cut: Cut, gap: GapName): number {
  return cut.filter((part) => typeof part !== 'string' && part.gap === gap).length;
}

/** Templates leave empty lines where they print nothing. */
function tidy(text: string): string {
  return `${text
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim()}\n`;
}
