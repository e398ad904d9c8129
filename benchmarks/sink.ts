import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

// The sink of the benchmarks, a small C program, so that it is not the sink that is measured.

export interface SinkReport {
  messages: number;
  bytes: number;
  /** From the first message's end to the last one's. */
  micros: number;
  cpuMicros: number;
}

export interface Sink {
  port: number;
  /** What came since the last report. */
  report(): Promise<SinkReport>;
  close(): Promise<void>;
}

const folder = mkdtempSync(path.join(tmpdir(), 'roundup-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Throws where there is no C compiler. */
export async function startSink(delayMs = 0): Promise<Sink> {
  const binary = path.join(folder, 'sink');
  const made = spawnSync('cc', ['-O2', '-o', binary, path.join(import.meta.dirname, 'sink.c')]);
  if (made.status !== 0)
    throw new Error(`the sink could not be compiled with cc: ${made.error?.message ?? made.stderr.toString()}`);
  const child = spawn(binary, [String(delayMs)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => (await lines.next()).value as string;
  const port = Number(await line());
  return {
    port,
    report: async () => {
      child.stdin.write('\n');
      const [messages = 0, bytes = 0, micros = 0, cpuMicros = 0] = (await line()).split(' ').map(Number);
      return { messages, bytes, micros, cpuMicros };
    },
    close: () => ended(child),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
