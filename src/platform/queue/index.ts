export { type Handler, type NudgeQueue, type QueueCounts, type QueueWorker, type Queues, openQueues } from './queue.ts';
