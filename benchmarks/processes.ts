import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** A process under measurement; the figures come from /proc, so Linux only. */
export interface Measured {
  child: ChildProcess;
  /** User and system time so far. */
  cpuMicros(): number;
  /** The most memory that it has held (resident). */
  peakMb(): number;
  stop(): Promise<void>;
}

const TICK_MICROS = 10_000;

export function start(command: string, args: string[], options: SpawnOptions): Measured {
  const child = spawn(command, args, options);
  const pid = child.pid ?? 0;
  let cpu = 0;
  let peak = 0;
  const look = () => {
    cpu = Math.max(cpu, cpuMicrosOf(pid) ?? 0);
    peak = Math.max(peak, peakKbOf(pid) ?? 0);
  };
  // What ends by itself has no figures any more when it has ended.
  const watch = setInterval(look, 20);
  child.on('exit', () => clearInterval(watch));
  return {
    child,
    cpuMicros: () => (look(), cpu),
    peakMb: () => (look(), Math.round(peak / 1_024)),
    stop: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

/** User and system time of a process and all its children that are alive; undefined where it is gone. */
export function cpuMicrosOf(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS;
  } catch {
    return undefined;
  }
}

function peakKbOf(pid: number): number | undefined {
  try {
    // A process that has just ended still has a status, but no memory any more.
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return undefined;
  }
}
