import { silentLog } from '../../src/platform/log.ts';
import { openQueues } from '../../src/platform/queue/index.ts';

// A process that takes a job and never ends it, for others to kill. Arguments: the queues' options as JSON, the queue's name.
const [, , options = '{}', name = ''] = process.argv;
const queues = await openQueues(
  JSON.parse(options) as { databaseUrl: string; redisUrl: string | undefined },
  silentLog,
);
queues.worker(
  name,
  () => {
    process.stdout.write('taken\n');
    return new Promise(() => {});
  },
  { concurrency: 1, lockMs: 1_000 },
);
