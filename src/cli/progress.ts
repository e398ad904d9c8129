import pc from 'picocolors';
import { durationText } from '../lib/time.ts';

// Progress on long work, on standard error: a bar that redraws itself on a terminal; elsewhere a line when a step is done.

export interface Step {
  /** `share` from 0 to 1; `detail` stands behind the bar. */
  update(share: number, detail?: string): void;
  done(detail: string): void;
  failed(detail: string): void;
}

const BAR = 24;
const LABEL = 30;
const REDRAW_MS = 60;

export function startStep(label: string): Step {
  const began = performance.now();
  const out = process.stderr;
  const live = out.isTTY === true;
  let drawn = Number.NEGATIVE_INFINITY;
  const draw = (line: string) => {
    if (live) out.write(`\r\u001b[2K${fit(line, out.columns)}`);
  };
  const end = (mark: string, detail: string) => {
    const time = pc.dim(durationText(performance.now() - began));
    out.write(`${live ? '\r\u001b[2K' : ''}${mark} ${label.padEnd(LABEL)} ${detail}  ${time}\n`);
  };
  draw(`${pc.dim('○')} ${label}`);
  return {
    update(share, detail = '') {
      if (performance.now() - drawn < REDRAW_MS) return;
      drawn = performance.now();
      const filled = Math.round(Math.min(Math.max(share, 0), 1) * BAR);
      draw(
        `${pc.cyan('●')} ${label.padEnd(LABEL)} ${pc.cyan('█'.repeat(filled))}${pc.dim('░'.repeat(BAR - filled))} ${detail}`,
      );
    },
    done: (detail) => end(pc.green('✓'), detail),
    failed: (detail) => end(pc.red('✗'), detail),
  };
}

/** Runs one step of a list: its line shows how it goes and what came of it. */
export async function step<T>(
  label: string,
  act: (step: Step) => Promise<T>,
  summary: (result: T) => string,
): Promise<T> {
  const running = startStep(label);
  try {
    const result = await act(running);
    running.done(summary(result));
    return result;
  } catch (error) {
    running.failed('failed');
    throw error;
  }
}

/** A line that wraps cannot be redrawn; colour codes count for nothing. */
function fit(line: string, columns: number): string {
  let shown = 0;
  return line.replace(/\p{Cc}\[[0-9;]*m|[\s\S]/gu, (part) =>
    part.length > 1 && part.startsWith('\u001b') ? part : shown++ < columns - 1 ? part : '',
  );
}
