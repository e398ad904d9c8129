import { Command } from 'commander';
import { createLink, findAccountByAddress, hasAccounts } from '../accounts/index.ts';
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
      const now = app.clock.now();
      const url = (await hasAccounts(db))
        ? options.as === undefined
          ? `${deskUrl}/sign-in`
          : `${deskUrl}/enter/${await createLink(db, { kind: 'sign-in', accountId: await idOf(options.as) }, now)}`
        : `${deskUrl}/join/${await createLink(db, { kind: 'first', accountId: null }, now)}`;
      if (options.json) printJson({ url });
      else print(url);

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
