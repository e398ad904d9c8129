import { recordAct } from '../audit/index.ts';
import { lift, unpark } from '../dispatch/index.ts';
import type { Newsroom } from './newsroom.ts';

const DOMAIN = 'domain:';

/** A relay, or a domain as `domain:<name>`, is tried again from now on, with whoever was put off there. False where it was not on hold. */
export function liftHold({ db }: Pick<Newsroom, 'db'>, key: string, by: string): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const lifted = await lift(tx, key);
    if (key.startsWith(DOMAIN)) await unpark(tx, key.slice(DOMAIN.length));
    await recordAct(tx, { actor: by, act: 'hold lifted', subject: key });
    return lifted;
  });
}
