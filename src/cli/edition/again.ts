import { Command } from 'commander';
import { type Again, CAUSES, type Cause } from '../../dispatch/index.ts';
import { counted } from '../../lib/text.ts';
import { proposeCorrection, reopenStopped, retryEdition } from '../../newsroom/index.ts';
import { RoundupError } from '../../platform/errors.ts';
import { type CommonOptions, actorOf, parseId, withActor, withApp, withJson } from '../context.ts';
import { mark, print, printJson } from '../output.ts';

// What can be done about an edition that went wrong: correct it, and try again whom it has not reached.

const STATES: Again['states'] = ['refused', 'expired', 'uncertain', 'deferred'];

export function correctCommand(): Command {
  return withJson(
    withActor(
      new Command('correct')
        .description('make a stopped edition a draft again, for those it has not reached')
        .argument('<edition>')
        .option('--reached', 'make a correction, a linked edition of its own, for those it has reached'),
    ),
  ).action(correct);
}

export function retryCommand(): Command {
  return withJson(
    withActor(
      new Command('retry')
        .description('try again only those whom it has not reached')
        .argument('<edition>')
        .option('--state <states>', `whom, with commas between: ${STATES.join(', ')} (refused and expired by default)`)
        .option('--cause <causes>', `only of these causes, with commas between: ${CAUSES.join(', ')}`),
    ),
  ).action(retry);
}

async function correct(id: string, options: CommonOptions & { reached?: boolean }): Promise<void> {
  await withApp(async (app) => {
    const parts = { db: app.database.db, clock: app.clock };
    const act = options.reached === true ? proposeCorrection : reopenStopped;
    const edition = await act(parts, parseId(id), actorOf(options));
    if (options.json) return printJson({ edition: edition.id, revision: edition.revision, state: edition.state });
    print(
      options.reached === true
        ? `${mark.ok} edition ${edition.id} corrects edition ${id}; it goes to those whom that one has reached`
        : `${mark.ok} edition ${edition.id} is a draft again, at revision ${edition.revision}; it goes to those whom it had not reached`,
    );
    print(`Change it with "roundup edition edit ${edition.id}", then: roundup edition approve ${edition.id}`);
  });
}

async function retry(id: string, options: CommonOptions & { state?: string; cause?: string }): Promise<void> {
  const states =
    options.state === undefined ? (['refused', 'expired'] as const) : listed(options.state, STATES, 'state');
  const causes = options.cause === undefined ? undefined : listed<Cause>(options.cause, CAUSES, 'cause');
  await withApp(async (app) => {
    const again = { states: [...states], causes };
    const readers = await retryEdition(await app.newsroom(), parseId(id), again, actorOf(options));
    if (options.json) return printJson({ edition: Number(id), readers });
    print(
      readers === 0
        ? `${mark.note} nobody of edition ${id} is to be tried again`
        : `${mark.ok} edition ${id} goes out again to ${counted(readers, 'reader')}`,
    );
  });
}

function listed<T extends string>(text: string, known: readonly T[], what: string): T[] {
  return text.split(',').map((part) => {
    const found = known.find((one) => one === part.trim());
    if (found !== undefined) return found;
    throw new RoundupError('input-invalid', `"${part}" is no ${what} of a delivery.`, {
      hint: `There are: ${known.join(', ')}`,
    });
  });
}
