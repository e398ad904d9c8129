import { parseOpml as parse } from 'feedsmith';
import { httpUrl } from '../../lib/url.ts';
import { oneLine } from '../../lib/text.ts';
import { RoundupError, reasonOf } from '../../platform/errors.ts';

export interface Outline {
  title: string;
  url: string;
}

type Node = { text?: string; title?: string; xmlUrl?: string; outlines?: Node[] };

const MAX_DEPTH = 20;

/** The feeds of an OPML file, in its order, folders opened, each once. Throws `input-invalid` for what is no OPML. */
export function parseOpml(text: string): Outline[] {
  const feeds = new Map<string, Outline>();
  const take = (nodes: readonly Node[], depth: number) => {
    for (const { title, text: label, xmlUrl, outlines } of nodes) {
      const url = httpUrl(xmlUrl);
      if (url !== undefined && !feeds.has(url)) feeds.set(url, { url, title: oneLine(title ?? label ?? '', 200) });
      if (outlines !== undefined && depth < MAX_DEPTH) take(outlines, depth + 1);
    }
  };
  try {
    take((parse(text).body?.outlines ?? []) as Node[], 0);
  } catch (cause) {
    throw new RoundupError('input-invalid', `This is no OPML file: ${reasonOf(cause)}`, { cause });
  }
  return [...feeds.values()];
}
