import { type DispatchDeps, deliverBatch } from '../src/dispatch/index.ts';
import type { Handler } from '../src/platform/queue/index.ts';

/** One batch of one edition. */
export const dispatchProcessor =
  (deps: DispatchDeps): Handler =>
  async (_name, { editionId, batch }) => {
    await deliverBatch(deps, Number(editionId), Number(batch));
  };
