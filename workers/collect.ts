import { type Newsroom } from '../src/newsroom/index.ts';
import type { Handler, NudgeQueue } from '../src/platform/queue/index.ts';

/** `all` announces every source, and a look at what is on its way; `source` collects one, `look` looks, `links` looks at an edition's links. */
export const collectProcessor =
  (newsroom: Newsroom, queue: NudgeQueue): Handler =>
  async (name, { sourceId, editionId }) => {
    // Loaded by the process that gets such a job: those that only send are spared the parsers.
    const { checkEditionLinks, collectById, lookAround, sourceIds } = await import('../src/newsroom/index.ts');
    if (name === 'source') return collectById(newsroom, Number(sourceId));
    if (name === 'look') return lookAround(newsroom);
    if (name === 'links') return void (await checkEditionLinks(newsroom, Number(editionId)));
    const ids = await sourceIds(newsroom);
    await queue.add([
      ...ids.map((id) => ({ name: 'source', id: `source-${id}`, data: { sourceId: id } })),
      { name: 'look', id: 'look', data: {} },
    ]);
  };
