import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { TEST_CERTIFICATE } from '../support/smtpSink.ts';

/** A worker process that is loaded and waits for its environment. */
export interface Worker {
  name: string;
  child: ChildProcess;
  frozen: boolean;
}

const PROGRAM = path.join(import.meta.dirname, 'worker.ts');
let spare: ChildProcess[] = [];
let count = 0;

/** Loading takes a second of processor time: it is done while something else goes on. */
export function keepSpare(wanted: number): void {
  while (spare.length < wanted) spare.push(load());
}

export function startWorker(environment: Record<string, string>): Worker {
  const child = spare.shift() ?? load();
  const name = `w${++count}.example.org`;
  child.stdin?.write(`${JSON.stringify({ ...environment, BASE_URL: `https://${name}` })}\n`);
  return { name, child, frozen: false };
}

export async function killWorker({ child }: Worker, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  child.kill(signal);
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

export async function killSpare(): Promise<void> {
  const all = spare;
  spare = [];
  await Promise.all(all.map((child) => killWorker({ name: '', child, frozen: false })));
}

function load(): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', PROGRAM], {
    stdio: ['pipe', 'ignore', process.env.ROUNDUP_CHAOS_LOG === undefined ? 'ignore' : 'inherit'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1', NODE_EXTRA_CA_CERTS: TEST_CERTIFICATE },
  });
}
