import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../platform/config/index.ts';
import { RoundupError } from '../platform/errors.ts';

/** Where the desk is reached: by DESK_URL; without one, where it runs on this machine. Throws `state-refused` where it does not. */
export function deskUrlOf(config: Config): string {
  if (new URL(config.deskUrl).hostname !== 'localhost') return config.deskUrl;
  try {
    return `http://127.0.0.1:${readFileSync(path.join(config.dataDir, 'desk.port'), 'utf8')}`;
  } catch (cause) {
    throw new RoundupError('state-refused', 'The desk is not running.', {
      hint: 'Start it with: roundup up (or roundup serve)',
      cause,
    });
  }
}
