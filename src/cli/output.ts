import pc from 'picocolors';

// What commands print. Standard output is for results, and with --json for one JSON object as its last line; progress and
// remarks go to standard error.

export const mark = { ok: pc.green('✓'), warn: pc.yellow('!'), bad: pc.red('✗'), note: pc.dim('·') };

export function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

export function remark(line: string): void {
  process.stderr.write(`${line}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Columns as wide as they need to be; the header dimmed, numbers to the right. */
export function printTable(header: string[], rows: (string | number)[][]): void {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en-US') : cell)));
  const widths = header.map((name, column) => Math.max(width(name), ...cells.map((row) => width(row[column] ?? ''))));
  const right = header.map((_, column) => rows.some((row) => typeof row[column] === 'number'));
  const line = (row: string[]) =>
    row
      .map((cell, column) => pad(cell, widths[column] ?? 0, right[column] ?? false))
      .join('  ')
      .trimEnd();
  print(pc.dim(line(header)));
  for (const row of cells) print(line(row));
}

function pad(text: string, to: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, to - width(text)));
  return right ? space + text : text + space;
}

function width(text: string): number {
  return [...text].length;
}
