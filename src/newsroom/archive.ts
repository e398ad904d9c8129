import { htmlForAll, insertArchived, notArchived, textForAll } from '../archive/index.ts';
import { approvedRendition } from '../dispatch/index.ts';
import { readContent } from '../editions/index.ts';
import { getEdition } from './find.ts';
import type { Newsroom } from './newsroom.ts';

const AT_ONCE = 20;
const PHOTO = /\/media\/([0-9a-f]{40})\.(?:jpg|png)/;

/** Puts what was sent into the archive; whether anybody may read it is the newsletter's to say. Any process may do it. */
export async function archiveSent({ db }: Pick<Newsroom, 'db'>): Promise<void> {
  for (const id of await notArchived(db, AT_ONCE)) {
    const edition = await getEdition(db, id);
    const rendition = await approvedRendition(db, id);
    if (rendition === undefined) continue;
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
}
