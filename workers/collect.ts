import { type Newsroom, collectById } from '../src/newsroom/index.ts';
import type { Handler, NudgeQueue } from '../src/platform/queue/index.ts';
import { listSources } from '../src/sources/index.ts';

/** `all` announces every source; `source` collects one. */
export const collectProcessor =
  (newsroom: Newsroom, queue: NudgeQueue): Handler =>
  async (name, { sourceId }) => {
    if (name === 'source') return collectById(newsroom, Number(sourceId));
    const sources = await listSources(newsroom.db);
    await queue.add(sources.map(({ id }) => ({ name: 'source', id: `source-${id}`, data: { sourceId: id } })));
  };
