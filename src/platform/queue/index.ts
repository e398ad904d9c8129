export { type Handler, type NudgeQueue, type Queues, openQueues } from './queue.ts';
export type { Board } from './board.ts';
