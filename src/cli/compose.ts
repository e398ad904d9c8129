import { Command } from 'commander';
import { getNewsletter } from '../editions/index.ts';
import { fetchEditionImages, proposeEdition } from '../newsroom/index.ts';
import { counted } from '../lib/text.ts';
import { type CommonOptions, actorOf, withActor, withApp, withJson } from './context.ts';
import { mark, print, printJson } from './output.ts';

export function composeCommand(): Command {
  const command = new Command('compose')
    .description('compose an extra edition now, outside the schedule')
    .argument('<newsletter>', 'its slug');
  return withJson(withActor(command)).action((slug: string, options: CommonOptions) =>
    withApp(async (app) => {
      const { db } = app.database;
      const newsletter = await getNewsletter(db, slug);
      const { edition, composition } = await db
        .transaction()
        .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: app.clock.now(), by: actorOf(options) }));
      await fetchEditionImages({ db, clock: app.clock, log: app.log }, edition.id);
      if (options.json)
        return printJson({
          edition: edition.id,
          number: edition.number,
          pieces: composition.size,
          choices: composition.choices,
        });
      print(
        `${mark.ok} edition ${edition.id} (${newsletter.name} no. ${edition.number}) with ${counted(composition.size, 'piece')}:`,
      );
      for (const section of composition.content.sections) {
        print(`  ${section.title || section.key}`);
        for (const piece of section.pieces) print(`    ${piece.title}`);
      }
      const out = composition.choices.filter((choice) => !choice.included).length;
      if (out > 0) print(`  left out: ${counted(out, 'piece')}; why: roundup edition show ${edition.id}`);
      print(`Look at it with: roundup edition preview ${edition.id}`);
    }),
  );
}
