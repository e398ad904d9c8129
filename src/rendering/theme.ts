import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type HandlebarsModule from 'handlebars';
import { PROJECT_ROOT } from '../lib/root.ts';
import { RoundupError } from '../platform/errors.ts';
import { wrap } from '../lib/wrap.ts';

// A theme is a folder of Handlebars templates: edition.mjml.hbs, edition.txt.hbs and the parts that they use. Templates are
// data with gaps: they see what they are given and nothing else, and only these helpers.

export interface Theme {
  name: string;
  mjml(view: unknown): string;
  text(view: unknown): string;
}

const FOLDER = path.join(PROJECT_ROOT, 'templates/themes');
const themes = new Map<string, Theme>();

/** A theme that comes with the program. Throws `not-found` with the themes there are. */
export async function builtInTheme(name: string): Promise<Theme> {
  const known = themes.get(name);
  if (known !== undefined) return known;
  const folder = path.join(FOLDER, name);
  if (!/^[a-z0-9-]+$/.test(name) || !existsSync(folder)) {
    throw new RoundupError('not-found', `There is no theme "${name}".`, {
      hint: `There are: ${readdirSync(FOLDER).join(', ')}`,
    });
  }
  // Loaded by whoever renders: a worker only splices.
  const { default: handlebars } = await import('handlebars');
  const theme = compileTheme(handlebars, name, folder);
  themes.set(name, theme);
  return theme;
}

function compileTheme(Handlebars: typeof HandlebarsModule, name: string, folder: string): Theme {
  const files = readdirSync(folder);
  const source = (file: string) => readFileSync(path.join(folder, file), 'utf8');
  const compile = (ending: '.mjml.hbs' | '.txt.hbs', noEscape: boolean) => {
    const handlebars = Handlebars.create();
    for (const file of files.filter((candidate) => candidate.endsWith(ending) && !candidate.startsWith('edition.'))) {
      handlebars.registerPartial(path.basename(file, ending), source(file));
    }
    handlebars.registerHelper('wrap', (text: string) => new Handlebars.SafeString(wrap(text)));
    handlebars.registerHelper('or', (a: unknown, b: unknown) => Boolean(a) || Boolean(b));
    handlebars.registerHelper('is', (a: unknown, b: unknown) => a === b);
    return handlebars.compile(source(`edition${ending}`), {
      noEscape,
      knownHelpersOnly: true,
      knownHelpers: { wrap: true, is: true, or: true },
    });
  };
  const mjml = compile('.mjml.hbs', false);
  const text = compile('.txt.hbs', true);
  return { name, mjml: (view) => mjml(view), text: (view) => text(view) };
}
