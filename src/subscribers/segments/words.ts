/** A piece of a filter's text. */
export interface Token {
  text: string;
  /** Where it begins. */
  at: number;
  isQuoted: boolean;
}

const TOKEN = /\s+|(?<quoted>"(?:[^"\\]|\\.)*")|(?<sign><=|>=|!=|[(),=<>])|(?<word>[^\s"(),=<>!]+)/uy;
/** Words that a value is not, unless it is in quotes. */
const KEPT = new Set(['and', 'or', 'not', 'in', 'is', 'set', 'with']);

export function tokensOf(text: string, wrong: (why: string) => Error): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (found === null) {
      const why = text[at] === '"' ? 'a quote is not closed' : `“${text[at]}” says nothing`;
      throw wrong(`at character ${at + 1}: ${why}`);
    }
    const { quoted: inQuotes, sign, word } = found.groups ?? {};
    if (inQuotes !== undefined)
      tokens.push({ text: inQuotes.slice(1, -1).replace(/\\(.)/g, '$1'), at, isQuoted: true });
    else if (sign !== undefined || word !== undefined)
      tokens.push({ text: (sign ?? word) as string, at, isQuoted: false });
  }
  return tokens;
}

/** A value as a filter has it: in quotes where it is more than a plain word. */
export function quoted(value: string): string {
  const isPlain = /^[\p{L}\p{N}_.@:+-]+$/u.test(value) && /[\p{L}\p{N}]/u.test(value) && !KEPT.has(value.toLowerCase());
  return isPlain ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}
