import type { App } from '../../app.ts';
import type { Newsroom } from '../../newsroom/index.ts';
import type { Database } from '../../platform/database/index.ts';
import { RoundupError } from '../../platform/errors.ts';

/** What the operations work with. */
export interface ApiParts {
  app: App;
  db: Database;
  newsroom(): Promise<Newsroom>;
}

/** What the caller has seen must be what there is. Throws `revision-changed`. */
export function requireSeen(seen: string | undefined, now: string): void {
  if (seen === undefined || seen === '*' || seen === now) return;
  throw new RoundupError('revision-changed', 'It was changed since you read it.', {
    hint: 'Read it again, then send your change with its ETag.',
  });
}
