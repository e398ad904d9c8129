import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import type { Config } from './config.ts';
import { localKeys } from './keys.ts';
import { type Environment, readConfig } from './read.ts';

/** The configuration of this process: the environment, and under it the file `.env` of the working folder. */
export function loadConfig(cwd = process.cwd(), env: Environment = process.env): Config {
  return readConfig({ ...readDotEnv(path.join(cwd, '.env')), ...env }, cwd, localKeys);
}

function readDotEnv(file: string): Environment {
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}
