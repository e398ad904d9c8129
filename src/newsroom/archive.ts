import { htmlForAll, insertArchived, notArchived, textForAll } from '../archive/index.ts';
import { approvedRendition } from '../dispatch/index.ts';
import { readContent } from '../editions/index.ts';
import type { Database } from '../platform/database/index.ts';
import { reasonOf } from '../platform/errors.ts';
import { getEdition } from './find.ts';
import type { Newsroom } from './newsroom.ts';

const AT_ONCE = 20;
const PHOTO = /\/media\/([0-9a-f]{40})\.(?:jpg|png)/;

/**
 * Puts what was sent into the archive; whether anybody may read it is the newsletter's to say. Any process may do it. One that cannot be
 * put there holds up no other.
 */
export async function archiveSent({ db, log }: Pick<Newsroom, 'db' | 'log'>): Promise<void> {
  for (
    let ids = await notArchived(db, 0, AT_ONCE);
    ids.length > 0;
    ids = await notArchived(db, ids.at(-1) ?? 0, AT_ONCE)
  )
    for (const id of ids)
      await archiveOne(db, id).catch((error: unknown) =>
        log.warn(`edition ${id} could not be put into the archive`, { reason: reasonOf(error) }),
      );
}

async function archiveOne(db: Database, id: number): Promise<void> {
  const edition = await getEdition(db, id);
  const rendition = await approvedRendition(db, id);
  if (rendition === undefined) return;
  const { preheader } = await readContent(db, edition);
  const html = htmlForAll(rendition.html);
  await insertArchived(db, {
    editionId: id,
    newsletterId: edition.newsletterId,
    number: edition.number,
    sentAt: edition.startedAt ?? edition.createdAt,
    subject: rendition.subject,
    preheader,
    html,
    text: textForAll(rendition.text),
    photo: PHOTO.exec(html)?.[1] ?? null,
  });
}
