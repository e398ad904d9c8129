import path from 'node:path';
import { SECRET } from './house.ts';
import { type Measured, start } from './processes.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

export interface WorkerOptions {
  databaseUrl: string;
  cwd: string;
  port: number;
  connections: number;
  /** For its node, such as --cpu-prof. */
  node?: string[];
  /** Node's own options, as docker-compose.yml has them. */
  nodeOptions?: string;
}

/** As docker-compose.yml runs workers that only send. */
export const NODE_OPTIONS = '--max-semi-space-size=4 --max-old-space-size=128';

/** `roundup work --send-only`, as it is. */
export function startWorker(options: WorkerOptions): Measured {
  const { databaseUrl, cwd, port, connections, node = [], nodeOptions = NODE_OPTIONS } = options;
  return start(process.execPath, [...node, path.join(ROOT, 'bin/roundup.js'), 'work', '--send-only'], {
    cwd,
    stdio: ['ignore', 'ignore', 'ignore'],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      DATABASE_URL: databaseUrl,
      SECRETS: `k1:${SECRET}`,
      SMTP_URL: `smtp://127.0.0.1:${port}?tls=none&connections=${connections}&messages=100000`,
      BASE_URL: 'https://news.example.org',
      LOG_LEVEL: 'warn',
      NODE_OPTIONS: nodeOptions,
      // One thread signs as fast as the loop can hand over.
      UV_THREADPOOL_SIZE: '1',
    },
  });
}
