import { Command } from 'commander';
import { findPublication, publicationSchema } from '../editions/index.ts';
import { setPublication } from '../newsroom/index.ts';
import { type CommonOptions, actorOf, withActor, withApp, withJson } from './context.ts';
import { definedOnly } from '../lib/objects.ts';
import { parseWith } from './input.ts';
import { print, printJson } from './output.ts';

interface Options extends CommonOptions {
  name?: string;
  tagline?: string;
  home?: string;
  logo?: string;
  postalAddress?: string;
  social?: string[];
  language?: string;
}

export function publicationCommand(): Command {
  const command = new Command('publication')
    .description('show the publication, or set what is given')
    .option('--name <name>', 'its name')
    .option('--tagline <text>', 'a line under the name')
    .option('--home <url>', 'its site')
    .option('--logo <url>', 'an image for the masthead')
    .option('--postal-address <text>', 'for the footer of every mail')
    .option('--social <name=url...>', 'links for the footer, such as Mastodon=https://…')
    .option('--language <tag>', 'such as en or fr');
  return withActor(withJson(command)).action((options: Options) =>
    withApp(async (app) => {
      const { db } = app.database;
      const given = definedOnly({
        name: options.name,
        tagline: options.tagline,
        homeUrl: options.home,
        logoUrl: options.logo,
        postalAddress: options.postalAddress,
        socialLinks: options.social?.map(parseSocial),
        language: options.language,
      });
      const before = await findPublication(db);
      const changes = Object.keys(given).length > 0;
      if (changes) {
        const change = () => parseWith(publicationSchema, { ...before, ...given }, PUBLICATION_HINT);
        await setPublication({ db }, change, actorOf(options));
      }
      const publication = await findPublication(db);
      if (options.json) return printJson(publication ?? null);
      if (publication === undefined) return print(`The publication is not set yet. ${PUBLICATION_HINT}`);
      for (const [key, value] of Object.entries(publication))
        print(`${key.padEnd(14)} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
    }),
  );
}

const PUBLICATION_HINT = 'Set it with: roundup publication --name "…" --home https://… --postal-address "…"';

function parseSocial(text: string): { name: string; url: string } {
  const at = text.indexOf('=');
  return { name: text.slice(0, Math.max(at, 0)), url: text.slice(at + 1) };
}
