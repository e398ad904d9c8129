import pc from 'picocolors';

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

/** Words for the operator. Mail addresses, tokens and secrets have no place in `facts`: ids stand for them. */
export interface Log {
  error(message: string, facts?: Facts): void;
  warn(message: string, facts?: Facts): void;
  info(message: string, facts?: Facts): void;
  debug(message: string, facts?: Facts): void;
}

export type Facts = Record<string, string | number | boolean | null | undefined>;

export interface LogOptions {
  level: LogLevel;
  /** One JSON object a line, for log collectors; else a line to read. */
  json: boolean;
  write?: (line: string) => void;
}

const LEVELS: LogLevel[] = ['silent', 'error', 'warn', 'info', 'debug'];
const MARKS = { error: pc.red('error'), warn: pc.yellow('warn '), info: pc.cyan('info '), debug: pc.dim('debug') };

/** A log on standard error, so that standard output stays free for what a command prints. */
export function createLog(options: LogOptions): Log {
  const write = options.write ?? ((line: string) => process.stderr.write(line));
  const least = LEVELS.indexOf(options.level);
  const at =
    (level: keyof typeof MARKS) =>
    (message: string, facts: Facts = {}) => {
      if (LEVELS.indexOf(level) > least) return;
      write(options.json ? jsonLine(level, message, facts) : readableLine(level, message, facts));
    };
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}

export const silentLog: Log = createLog({ level: 'silent', json: false });

function jsonLine(level: string, message: string, facts: Facts): string {
  return `${JSON.stringify({ time: new Date().toISOString(), level, message, ...facts })}\n`;
}

function readableLine(level: keyof typeof MARKS, message: string, facts: Facts): string {
  const pairs = Object.entries(facts).filter(([, value]) => value !== undefined);
  const tail = pairs.map(([key, value]) => pc.dim(`${key}=`) + String(value)).join(' ');
  const time = pc.dim(new Date().toISOString().slice(11, 19));
  return `${time} ${MARKS[level]} ${message}${tail === '' ? '' : `  ${tail}`}\n`;
}
