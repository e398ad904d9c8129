import { reasonOf } from '../platform/errors.ts';
import type { ThemeSource } from '../themes/index.ts';
import { TemplateError, compileTheme } from './theme.ts';
import { MJML_OPTIONS, viewFor } from './render.ts';
import { openGaps } from './gaps.ts';
import type { RenderInput } from './view.ts';

// What is wrong with a theme's templates, and at which line of which file: MJML sees what Handlebars has made of them, so each template line
// brings a mark along, which is taken out before MJML sees it.

export interface TemplateProblem {
  file: string;
  line: number;
  message: string;
}

/** Characters that nobody writes (Unicode's private use area). */
const [OPEN, CLOSE] = ['\ue000', '\ue001'];
const MARK = new RegExp(`${OPEN}(\\d+):(\\d+)${CLOSE}`, 'g');
const MOST = 20;

/** Renders an edition with a theme and says what does not hold, at most twenty things; none: it can be used. */
export async function checkTheme(source: ThemeSource, input: RenderInput): Promise<TemplateProblem[]> {
  try {
    // As it is written: its errors name its own lines.
    const plain = await compileTheme(source);
    const { mjml } = await compileTheme({ ...source, templates: marked(source.templates) });
    const view = await viewFor(input, plain, openGaps());
    plain.text(view);
    const { text, places } = unmarked(mjml(view), Object.keys(source.templates));
    const problems = [...unclosed(text), ...(await mjmlErrors(text))].map(({ line, message }) => ({
      ...(places[line - 1] ?? { file: 'edition.mjml.hbs', line: 1 }),
      message,
    }));
    // A line that is printed for each piece is wrong once.
    return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()].slice(0, MOST);
  } catch (error) {
    if (error instanceof TemplateError) return [{ file: error.file, line: error.line, message: error.reason }];
    return [{ file: 'edition.mjml.hbs', line: 1, message: reasonOf(error) }];
  }
}

interface Problem {
  line: number;
  message: string;
}

async function mjmlErrors(text: string): Promise<Problem[]> {
  const { default: mjml2html } = await import('mjml');
  const { errors } = await mjml2html(text, MJML_OPTIONS);
  return errors.map(({ line, tagName, message }) => ({ line, message: `<${tagName}>: ${message.trim()}` }));
}

/** MJML closes by itself what nobody has closed, which is rarely where it was meant. */
function unclosed(text: string): Problem[] {
  const open: { name: string; line: number }[] = [];
  const problems: Problem[] = [];
  for (const [at, line] of text.split('\n').entries())
    for (const [, slash, name = '', , own] of line.matchAll(/<(\/?)(mj-[a-z-]+|mjml)\b("[^"]*"|[^">])*?(\/?)>/g)) {
      if (own === '/') continue;
      if (slash === '') open.push({ name, line: at + 1 });
      else if (open.at(-1)?.name === name) open.pop();
      else return [...problems, { line: at + 1, message: `</${name}> closes what is not open${lastOf(open)}` }];
    }
  return [...problems, ...open.slice(-1).map(({ name, line }) => ({ line, message: `<${name}> is never closed` }))];
}

function lastOf(open: { name: string }[]): string {
  const last = open.at(-1);
  return last === undefined ? '' : `: <${last.name}> is`;
}

function marked(templates: ThemeSource['templates']): ThemeSource['templates'] {
  return Object.fromEntries(
    Object.entries(templates).map(([file, text], index) => [
      file,
      file.endsWith('.mjml.hbs') ? withMarks(text, index) : text,
    ]),
  );
}

/** No mark inside of what Handlebars reads. */
function withMarks(text: string, file: number): string {
  let depth = 0;
  return text
    .split('\n')
    .map((line, at) => {
      const isOutside = depth === 0;
      depth += (line.match(/\{\{+/g)?.length ?? 0) - (line.match(/\}\}+/g)?.length ?? 0);
      return isOutside ? `${OPEN}${file}:${at + 1}${CLOSE}${line}` : line;
    })
    .join('\n');
}

/** Where each line comes from: by the first mark in it, else by the last before. */
function unmarked(text: string, files: string[]): { text: string; places: { file: string; line: number }[] } {
  let last = { file: 'edition.mjml.hbs', line: 1 };
  const places = text.split('\n').map((line) => {
    const marks = [...line.matchAll(MARK)].map(([, file, at]) => ({
      file: files[Number(file)] ?? '',
      line: Number(at),
    }));
    const place = marks[0] ?? last;
    last = marks.at(-1) ?? last;
    return place;
  });
  return { text: text.replace(MARK, ''), places };
}
