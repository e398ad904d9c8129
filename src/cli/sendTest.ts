import { Command } from 'commander';
import { sendTest } from '../newsroom/index.ts';
import { type CommonOptions, actorOf, parseId, withActor, withApp, withJson } from './context.ts';
import { mark, print, printJson } from './output.ts';

export function sendTestCommand(): Command {
  const command = new Command('send-test')
    .description('send an edition as it is now to one address, marked as a test')
    .argument('<edition>')
    .argument('<address>');
  return withJson(withActor(command)).action((id: string, address: string, options: CommonOptions) =>
    withApp(async (app) => {
      const reply = await sendTest(await app.newsroom(), parseId(id), address, actorOf(options));
      if (options.json) return printJson({ edition: parseId(id), address, reply });
      print(`${mark.ok} the mail server took the test for ${address}: ${reply}`);
    }),
  );
}
