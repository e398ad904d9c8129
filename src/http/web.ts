import { rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { App } from '../app.ts';
import { RoundupError } from '../platform/errors.ts';
import { tryLock, unlock } from '../platform/lock.ts';
import { assetRoutes } from './assets/routes.ts';
import { guardDesk } from './desk/guard.ts';
import { deskRoutes } from './desk/routes.ts';
import { inboxRoutes } from './inbox/routes.ts';
import { mediaRoutes } from './media/routes.ts';
import { readerRoutes } from './pages/routes.ts';
import { createServer } from './server.ts';
import { pageRenderer } from './templates.ts';

export interface Web {
  /** Where readers' pages listen. */
  port: number;
  /** Where the desk listens, on loopback. */
  deskUrl: string;
  close(): Promise<void>;
}

/** Starts both servers: the readers' pages on HOST:PORT, the desk on loopback. */
export async function startWeb(app: App): Promise<Web> {
  const pages = pageRenderer('pages');
  const readers = createServer(app.log, pages, app.config.trustProxy);
  assetRoutes(readers);
  readerRoutes(readers, app, pages);
  mediaRoutes(readers, app.database.db);

  const deskPages = pageRenderer('desk');
  const desk = createServer(app.log, deskPages, false);
  let deskPort = app.config.deskPort;
  guardDesk(desk, app, deskPages, () => deskPort);
  assetRoutes(desk);
  deskRoutes(desk, app, deskPages);
  if (app.inbox !== undefined) inboxRoutes(desk, app.inbox.mail, deskPages);

  const port = await listen(readers, app.config.host, app.config.port, 'PORT');
  deskPort = await listen(desk, '127.0.0.1', deskPort, 'DESK_PORT');
  // A second process on the same data folder has a desk as well; the first one's is the one that is known.
  const known = tryLock(`${noteOf(app)}.lock`);
  if (known) writeFileSync(noteOf(app), String(deskPort));
  return {
    port,
    deskUrl: `http://127.0.0.1:${deskPort}`,
    close: async () => {
      if (known) {
        rmSync(noteOf(app), { force: true });
        unlock(`${noteOf(app)}.lock`);
      }
      await Promise.all([readers.close(), desk.close()]);
    },
  };
}

/** Where other processes of this machine find the desk. */
function noteOf(app: App): string {
  return path.join(app.config.dataDir, 'desk.port');
}

async function listen(server: FastifyInstance, host: string, port: number, variable: string): Promise<number> {
  try {
    await server.listen({ host, port });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw cause;
    const why = code === 'EADDRINUSE' ? 'is in use by another program' : 'may not be used by this user';
    throw new RoundupError('config-invalid', `Port ${port} on ${host} ${why}.`, {
      hint: `Set ${variable} to another one. If it is Roundup that runs there already, get a link to it with: roundup desk`,
      cause,
    });
  }
  return (server.server.address() as AddressInfo).port;
}
