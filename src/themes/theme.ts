import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { sha256 } from '../lib/hash.ts';
import { PROJECT_ROOT } from '../lib/root.ts';

// A theme: colours for the day and for the night, a logo, a word for the footer, and the templates that a mail is made from. Those that come
// with the program stand in templates/themes; what an installation makes of them is kept as revisions.

/** The theme that comes with the program. */
export const BUILT_IN = 'gazette';
const FOLDER = path.join(PROJECT_ROOT, 'templates/themes', BUILT_IN);

const colour = z
  .string()
  .trim()
  .regex(/^#[0-9a-fA-F]{6}$/, 'A colour is written as #rrggbb.')
  .transform((text) => text.toLowerCase());

/** What each stands for, as the theme's page names it. */
export const COLOUR_NAMES = {
  paper: 'around the sheet',
  sheet: 'the sheet',
  ink: 'headlines',
  text: 'text',
  soft: 'bylines, credits, the footer',
  rule: 'rules',
  accent: 'kickers, links, buttons',
} as const;
export type ColourName = keyof typeof COLOUR_NAMES;

const colours = z.strictObject({
  paper: colour,
  sheet: colour,
  ink: colour,
  text: colour,
  soft: colour,
  rule: colour,
  accent: colour,
});
export type Colours = z.infer<typeof colours>;

export const designSchema = z.strictObject({
  colours: z.strictObject({ light: colours, dark: colours }),
  /** The publication's own, none, or a picture that was uploaded; in a mail it is so many pixels wide. */
  logo: z.strictObject({
    from: z.enum(['publication', 'none', 'upload']),
    /** The upload's path on our pages. */
    path: z
      .string()
      .regex(/^\/media\/[0-9a-f]{40}\.(jpg|png)$/)
      .nullable(),
    width: z.int().min(24).max(400),
  }),
  /** Markdown, above the way out. */
  footer: z.string().max(2_000),
  /** Templates that differ from the built-in theme's, by file. */
  files: z.record(z.string(), z.string().max(100_000)),
});
export type ThemeDesign = z.infer<typeof designSchema>;

/** A theme as mails are rendered with it. */
export interface ThemeSource extends ThemeDesign {
  name: string;
  /** Every template by its file, those of the built-in theme and what differs from them. */
  templates: Record<string, string>;
  /** Changes with anything of it. */
  version: string;
}

export const PLAIN_DESIGN: ThemeDesign = {
  colours: {
    light: {
      paper: '#f2eee6',
      sheet: '#fffdf9',
      ink: '#1d1b18',
      text: '#3c3832',
      soft: '#5f574c',
      rule: '#d9d3c7',
      accent: '#9a2a1d',
    },
    dark: {
      paper: '#121110',
      sheet: '#1b1a18',
      ink: '#f1ece3',
      text: '#cfc8bc',
      soft: '#aaa294',
      rule: '#3b3833',
      accent: '#f09a86',
    },
  },
  logo: { from: 'publication', path: null, width: 56 },
  footer: '',
  files: {},
};

let read: Record<string, string> | undefined;

/** The templates that come with the program, by their files. */
export function builtInTemplates(): Record<string, string> {
  return (read ??= Object.fromEntries(
    readdirSync(FOLDER)
      .filter((file) => file.endsWith('.hbs'))
      .map((file) => [file, readFileSync(path.join(FOLDER, file), 'utf8')]),
  ));
}

/** A design over the built-in theme's templates. */
export function themeSource(name: string, design: ThemeDesign): ThemeSource {
  const templates = { ...builtInTemplates(), ...design.files };
  return { ...design, name, templates, version: sha256(JSON.stringify(design)) };
}
