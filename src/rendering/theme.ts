import type HandlebarsModule from 'handlebars';
import { RoundupError, reasonOf } from '../platform/errors.ts';
import { BUILT_IN, PLAIN_DESIGN, type ThemeSource, themeSource } from '../themes/index.ts';
import { wrap } from '../lib/wrap.ts';

// A theme's templates, ready to render with. Templates are data with gaps: they see what they are given and nothing else, and only
// these helpers.

export interface Theme extends Omit<ThemeSource, 'templates' | 'files'> {
  mjml(view: unknown): string;
  text(view: unknown): string;
}

const MOST_KNOWN = 50;
const themes = new Map<string, Promise<Theme>>();
/** Beside if, unless, each and with; no looking up by a name that is made, and no writing to the log. */
const HELPERS = { wrap: true, is: true, or: true, lookup: false, log: false };

/** Throws `input-invalid` for templates that cannot be read, naming the file and the line. */
export function loadTheme(source: ThemeSource): Promise<Theme> {
  const key = `${source.name} ${source.version}`;
  const known = themes.get(key);
  if (known !== undefined) return known;
  if (themes.size >= MOST_KNOWN) themes.clear();
  const theme = compileTheme(source);
  themes.set(key, theme);
  theme.catch(() => themes.delete(key));
  return theme;
}

/** The theme that comes with the program. */
export function plainTheme(): Promise<Theme> {
  return loadTheme(themeSource(BUILT_IN, PLAIN_DESIGN));
}

export async function compileTheme({ templates, files: _files, ...source }: ThemeSource): Promise<Theme> {
  // Loaded by whoever renders: a worker only splices.
  const { default: handlebars } = await import('handlebars');
  for (const [file, text] of Object.entries(templates)) refuseBroken(handlebars, file, text);
  const mjml = compile(handlebars, templates, '.mjml.hbs', false);
  const text = compile(handlebars, templates, '.txt.hbs', true);
  return { ...source, mjml: (view) => mjml(view), text: (view) => text(view) };
}

function compile(
  Handlebars: typeof HandlebarsModule,
  templates: ThemeSource['templates'],
  ending: string,
  noEscape: boolean,
) {
  const handlebars = Handlebars.create();
  for (const [file, text] of Object.entries(templates))
    if (file.endsWith(ending) && !file.startsWith('edition.'))
      handlebars.registerPartial(file.slice(0, -ending.length), text);
  handlebars.registerHelper('wrap', (text: string) => new Handlebars.SafeString(wrap(text)));
  handlebars.registerHelper('or', (a: unknown, b: unknown) => Boolean(a) || Boolean(b));
  handlebars.registerHelper('is', (a: unknown, b: unknown) => a === b);
  return handlebars.compile(templates[`edition${ending}`] ?? '', {
    noEscape,
    knownHelpersOnly: true,
    knownHelpers: HELPERS,
  });
}

/** Handlebars reads a template when it is first used; what is wrong with it is said now. */
function refuseBroken(handlebars: typeof HandlebarsModule, file: string, text: string): void {
  try {
    handlebars.precompile(text, { knownHelpersOnly: true, knownHelpers: HELPERS });
  } catch (error) {
    const reason = reasonOf(error);
    const line = /line (\d+)/.exec(reason)?.[1] ?? String(lineIn(error) ?? 1);
    throw new TemplateError(file, Number(line), reason.split('\n').at(-1)?.trim() || reason);
  }
}

/** Handlebars says some of it as "… - 12:3". */
function lineIn(error: unknown): number | undefined {
  const [, line] = / - (\d+):\d+$/.exec(reasonOf(error)) ?? [];
  return line === undefined ? undefined : Number(line);
}

/** What is wrong with a template, and where. */
export class TemplateError extends RoundupError {
  readonly file: string;
  readonly line: number;
  readonly reason: string;

  constructor(file: string, line: number, reason: string) {
    super('input-invalid', `${file}, line ${line}: ${reason}`);
    this.file = file;
    this.line = line;
    this.reason = reason;
  }
}
