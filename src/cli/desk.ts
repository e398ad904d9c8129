import { Command } from 'commander';
import { createLink, findAccountByAddress, makeFirstLink } from '../accounts/index.ts';
import { RoundupError } from '../platform/errors.ts';
import { type CommonOptions, withApp, withJson } from './context.ts';
import { deskUrlOf } from './deskUrl.ts';
import { print, printJson } from './output.ts';

export function deskCommand(): Command {
  const command = new Command('desk')
    .description('how to come in at the desk: its address, or a link that signs an account in, once')
    .option('--as <address>', 'the account that the link is for; its second factor is asked for all the same');
  return withJson(command).action((options: CommonOptions & { as?: string }) =>
    withApp(async (app) => {
      const { db } = app.database;
      const deskUrl = deskUrlOf(app.config);
      const first = await makeFirstLink({ db, clock: app.clock });
      const url = `${deskUrl}${first === undefined ? await way() : `/join/${first}`}`;
      if (options.json) printJson({ url });
      else print(url);

      async function way(): Promise<string> {
        if (options.as === undefined) return '/sign-in';
        const accountId = await idOf(options.as);
        return `/enter/${await createLink(db, { kind: 'sign-in', accountId }, app.clock.now())}`;
      }

      async function idOf(address: string): Promise<number> {
        const account = await findAccountByAddress(db, address);
        if (account !== undefined && account.disabledAt === null) return account.id;
        throw new RoundupError('not-found', `There is no account of ${address} that is open.`, {
          hint: 'See which there are with: roundup account list',
        });
      }
    }),
  );
}
