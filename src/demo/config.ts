import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { type Config, localKeys } from '../platform/config/index.ts';

export interface DemoPorts {
  site: number;
  readers: number;
  desk: number;
}

/** Free ports, the same ones as before where a demo is carried on: the links in its mails hold. */
export async function demoPorts(dataDir: string): Promise<DemoPorts> {
  const file = path.join(dataDir, 'ports.json');
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as DemoPorts) : undefined;
  const wanted = before === undefined ? [0, 0, 0] : [before.site, before.readers, before.desk];
  const [site, readers, desk] = await freePorts(wanted);
  const ports = { site: site as number, readers: readers as number, desk: desk as number };
  writeFileSync(file, JSON.stringify(ports));
  return ports;
}

/** The demo's own configuration: nothing of the environment, of `.env` or of a configured installation is in it. */
export function demoConfig(dataDir: string, ports: DemoPorts): Config {
  return {
    production: false,
    baseUrl: `http://127.0.0.1:${ports.readers}`,
    host: '127.0.0.1',
    port: ports.readers,
    deskHost: '127.0.0.1',
    deskPort: ports.desk,
    deskUrl: `http://127.0.0.1:${ports.desk}`,
    requestLimit: { count: 6_000, perMs: 60_000 },
    oidc: undefined,
    trustProxy: false,
    databaseUrl: undefined,
    redisUrl: undefined,
    relays: [],
    returnPath: undefined,
    unsubscribeAddress: undefined,
    incoming: { listen: [], mailboxes: [] },
    dnsServers: [],
    keys: localKeys(dataDir),
    dataDir,
    retentionDays: 400,
    leaseSeconds: 10,
    logLevel: 'error',
    logJson: false,
  };
}

/** Each of the wanted ports if it is free, else any. All are held until all are found, so that none comes twice. */
async function freePorts(wanted: number[]): Promise<number[]> {
  const probes = await Promise.all(wanted.map(async (port) => (await probe(port)) ?? (await probe(0))));
  const ports = probes.map((server) => {
    const address = server?.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(probes.map((server) => new Promise((resolve) => server?.close(resolve))));
  return ports;
}

function probe(port: number) {
  return new Promise<ReturnType<typeof createServer> | undefined>((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
