import { Command } from 'commander';
import pc from 'picocolors';
import { makeFirstLink } from '../accounts/index.ts';
import type { App } from '../app.ts';
import type { Web } from '../http/index.ts';
import { startIncoming } from '../../workers/incoming.ts';
import { startScheduler } from '../../workers/schedule.ts';
import { startWorkers } from '../../workers/start.ts';
import { untilStopped, withApp } from './context.ts';
import { deskUrlOf } from './deskUrl.ts';
import { mark, remark } from './output.ts';

interface Roles {
  web: boolean;
  workers: boolean;
  /** Workers that send and do nothing else. */
  sendOnly?: boolean;
}

/** `up`, `serve` and `work`: the same program, all of it or a part. */
export function runCommands(): Command[] {
  return [
    new Command('up')
      .description('run web, scheduler and workers in one process: the normal way')
      .action(() => run({ web: true, workers: true })),
    new Command('serve')
      .description('run web and scheduler only; workers run elsewhere, with "roundup work"')
      .action(() => run({ web: true, workers: false })),
    new Command('work')
      .description('run workers only, as many of these as you like')
      .option('--send-only', 'workers that send and read no sources: they need less memory')
      .action(({ sendOnly }: { sendOnly?: boolean }) =>
        run({ web: false, workers: true, sendOnly: sendOnly === true }),
      ),
  ];
}

async function run(roles: Roles): Promise<void> {
  const stopped = untilStopped();
  await withApp(
    async (app) => {
      const web = roles.web ? await (await import('../http/index.ts')).startWeb(app) : undefined;
      const scheduler = roles.web ? await startScheduler(app) : undefined;
      const incoming = roles.web ? await startIncoming(app) : undefined;
      const workers = roles.workers ? await startWorkers(app, { collects: roles.sendOnly !== true }) : undefined;
      await announce(app, web, roles);
      await stopped;
      remark('Stopping: what is under way is finished first. Ctrl-C again ends at once.');
      await incoming?.close();
      await scheduler?.close();
      await workers?.close();
      await web?.close();
    },
    { inbox: roles.web },
  );
}

async function announce(app: App, web: Web | undefined, { workers }: Roles): Promise<void> {
  const { config, database, inbox } = app;
  const where =
    config.databaseUrl === undefined
      ? `embedded PostgreSQL, ${database.embedded}, data in ${config.dataDir}`
      : 'PostgreSQL by DATABASE_URL';
  remark(`${mark.ok} ${where}; queue in ${config.redisUrl === undefined ? 'PostgreSQL' : 'Redis'}`);
  if (config.relays.length > 0)
    remark(`${mark.ok} mail goes out by ${config.relays.map(({ name }) => name).join(', ')}`);
  else
    remark(
      `${mark.warn} no SMTP_URL is set: mail goes to the local inbox${inbox === undefined ? '' : ' and no further'}`,
    );
  for (const { protocol, host, port } of web === undefined ? [] : config.incoming.listen)
    remark(`${mark.ok} mail comes in by ${protocol.toUpperCase()} on ${host}:${port}`);
  if (workers) remark(`${mark.ok} workers are running`);
  else remark(`${mark.note} no workers in this process: run "roundup work"`);
  if (web === undefined) return;
  remark(
    `${mark.ok} readers' pages at ${config.baseUrl}${config.baseUrl.endsWith(`:${web.port}`) ? '' : ` (listening on ${config.host}:${web.port})`}`,
  );
  const token = await makeFirstLink({ db: database.db, clock: app.clock });
  if (token === undefined) remark(`${mark.ok} the desk at ${pc.bold(deskUrlOf(config))}`);
  else {
    remark(`${mark.warn} nobody has an account yet. Make the first administrator, by this link, once:`);
    remark(`  ${pc.bold(`${deskUrlOf(config)}/join/${token}`)}`);
  }
  remark(pc.dim('  A link to come in by: roundup desk. Ctrl-C stops.'));
}
