import { type Newsroom, tick } from '../src/newsroom/index.ts';
import type { Handler } from '../src/platform/queue/index.ts';

/** What the schedulers wake: a slot's own time, or the regular look. */
export const clockProcessor =
  (newsroom: Newsroom): Handler =>
  () =>
    tick(newsroom);
