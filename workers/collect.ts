import { type Newsroom } from '../src/newsroom/index.ts';
import type { Handler, NudgeQueue } from '../src/platform/queue/index.ts';

/** `all` announces every source, and a look at what is on its way; `source` collects one, `look` looks. */
export const collectProcessor =
  (newsroom: Newsroom, queue: NudgeQueue): Handler =>
  async (name, { sourceId }) => {
    // Loaded by the process that gets such a job: those that only send are spared the parsers.
    const { collectById, lookAround, sourceIds } = await import('../src/newsroom/index.ts');
    if (name === 'source') return collectById(newsroom, Number(sourceId));
    if (name === 'look') return lookAround(newsroom);
    const ids = await sourceIds(newsroom);
    await queue.add([
      ...ids.map((id) => ({ name: 'source', id: `source-${id}`, data: { sourceId: id } })),
      { name: 'look', id: 'look', data: {} },
    ]);
  };
