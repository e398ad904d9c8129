import type { Outline } from './feed/opml.ts';

/** The feeds of an OPML file, each once. Throws `input-invalid` for what is no OPML. */
export async function readOpml(text: string): Promise<Outline[]> {
  // Loaded by whoever imports one.
  const { parseOpml } = await import('./feed/index.ts');
  return parseOpml(text);
}
