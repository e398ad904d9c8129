import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import Handlebars from 'handlebars';
import { PROJECT_ROOT } from '../lib/root.ts';
import { HELPERS, registerHelpers } from './helpers.ts';

// The pages' templates: templates/pages for readers, templates/desk for editors. Each page stands inside its folder's
// layout.hbs; what begins with an underscore is a part.

type Folder = 'pages' | 'desk';
export type PageRenderer = (page: string, view: Record<string, unknown>) => string;

/** Pages with one thing to do. */
const NARROW = new Set(['error', 'sign-in', 'second-factor', 'forgotten', 'join']);

const renderers = new Map<Folder, PageRenderer>();

export function pageRenderer(folder: Folder): PageRenderer {
  const known = renderers.get(folder);
  if (known !== undefined) return known;
  const renderer = compileFolder(path.join(PROJECT_ROOT, 'templates', folder));
  renderers.set(folder, renderer);
  return renderer;
}

function compileFolder(folder: string): PageRenderer {
  const handlebars = Handlebars.create();
  registerHelpers(handlebars);
  const knownHelpers = Object.fromEntries(HELPERS.map((name) => [name, true]));
  const pages = new Map<string, HandlebarsTemplateDelegate>();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.hbs'))) {
    const name = path.basename(file, '.hbs');
    const source = readFileSync(path.join(folder, file), 'utf8');
    if (name.startsWith('_')) handlebars.registerPartial(name.slice(1), source);
    else pages.set(name, handlebars.compile(source, { knownHelpers, knownHelpersOnly: true }));
  }
  return (page, view) => {
    const template = pages.get(page);
    const layout = pages.get('layout');
    if (template === undefined || layout === undefined) throw new Error(`no template ${page} in ${folder}`);
    return layout({ ...view, page, isNarrow: NARROW.has(page), body: template(view) });
  };
}
