import { Command } from 'commander';
import { sendTest, sendTestTo } from '../newsroom/index.ts';
import { RoundupError } from '../platform/errors.ts';
import { type CommonOptions, actorOf, parseId, withActor, withApp, withJson } from './context.ts';
import { mark, print, printJson } from './output.ts';

interface TestOptions extends CommonOptions {
  segment?: string;
}

export function sendTestCommand(): Command {
  const command = new Command('send-test')
    .description('send an edition as it is now to one address, or to a small segment, marked as a test')
    .argument('<edition>')
    .argument('[address]')
    .option('--segment <name>', 'to everybody of a segment, by its name or a filter');
  return withJson(withActor(command)).action((id: string, address: string | undefined, options: TestOptions) =>
    withApp(async (app) => {
      const by = actorOf(options);
      const newsroom = await app.newsroom();
      if ((address === undefined) === (options.segment === undefined))
        throw new RoundupError('input-invalid', 'A test goes to an address, or to a segment.', {
          hint: 'roundup send-test <edition> <address>, or --segment <name>',
        });
      const sent =
        address === undefined
          ? await sendTestTo(newsroom, parseId(id), { segment: options.segment ?? '' }, by)
          : [{ address, reply: await sendTest(newsroom, parseId(id), address, by), problem: null }];
      if (options.json)
        return printJson(address === undefined ? { edition: parseId(id), sent } : { edition: parseId(id), ...sent[0] });
      for (const { address: to, reply, problem } of sent)
        print(
          problem === null ? `${mark.ok} the mail server took the test for ${to}: ${reply}` : `${mark.warn} ${problem}`,
        );
    }),
  );
}
