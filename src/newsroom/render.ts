import { DAY_MS } from '../lib/time.ts';
import { sha256 } from '../lib/hash.ts';
import { domainOf } from '../lib/addresses.ts';
import {
  type Edition,
  type EditionContent,
  type Newsletter,
  type Publication,
  findNewsletter,
  getPublication,
  readContent,
} from '../editions/index.ts';
import { mailboxText } from '../platform/mime/index.ts';
import { type Finding, preflight } from '../preflight/index.ts';
import {
  type Cut,
  type GapValues,
  type Rendered,
  type Stencil,
  builtInTheme,
  fill,
  makeStencil,
  renderEdition,
  splice,
} from '../rendering/index.ts';
import { editionLinks } from './links.ts';
import type { Newsroom } from './newsroom.ts';

/** An edition as it would go out now, with what preflight says of it. */
export interface RenderedEdition {
  edition: Edition;
  newsletter: Newsletter;
  publication: Publication;
  content: EditionContent;
  rendered: Rendered;
  /** Of what readers get and from whom: what an approval binds. */
  hash: string;
  stencil: Stencil;
  unsubscribeUrl: (token: string) => string;
  findings: Finding[];
  /** As a sample reader gets it: tokens in it are good for nothing. */
  sample: { html: string; text: string; message: Buffer };
}

export const SAMPLE_ADDRESS = 'reader@example.org';
const SAMPLE_TOKEN = 'sample.0.0.0.abcdefghjkmnpqrstvwxyz0123';

type Parts = Pick<Newsroom, 'db' | 'clock' | 'keys' | 'baseUrl'>;

export async function renderNow({ db, clock, keys, baseUrl }: Parts, edition: Edition): Promise<RenderedEdition> {
  const newsletter = await findNewsletter(db, edition.newsletterId);
  if (newsletter === undefined) throw new Error(`edition ${edition.id} belongs to no newsletter`);
  const publication = await getPublication(db);
  const content = await readContent(db, edition);
  const links = editionLinks(baseUrl, keys, edition.id);
  const date = edition.slotAt ?? startOfDay(clock.now());
  const rendered = await renderEdition(
    { publication, newsletter, edition: { number: edition.number, date }, content, links },
    builtInTheme(newsletter.theme),
  );
  const hash = sha256(rendered.hash, JSON.stringify([newsletter.sender, newsletter.replyTo]));
  const stencil = makeStencil({
    from: newsletter.sender,
    replyTo: newsletter.replyTo === null ? null : { name: '', address: newsletter.replyTo },
    ...rendered,
    hash,
    language: newsletter.language,
    list: { name: newsletter.name, id: `${newsletter.slug}.${domainOf(newsletter.sender.address)}` },
    // Google's form: three of our own and, last, who sends it.
    feedbackId: `${edition.id}:${newsletter.slug}:roundup:${domainOf(newsletter.sender.address).replaceAll('.', '-')}`,
    keyId: keys.current.id,
    unsubscribeUrl: links.unsubscribe,
  });
  const values = sampleValues({ name: '', address: SAMPLE_ADDRESS }, date);
  const html = fillSample(rendered.html, values);
  const text = fillSample(rendered.text, values);
  const findings = preflight({ content, rendered, html, text });
  return {
    edition,
    newsletter,
    publication,
    content,
    rendered,
    hash,
    stencil,
    unsubscribeUrl: links.unsubscribe,
    findings,
    sample: { html, text, message: splice(stencil, values) },
  };
}

/** What stands in the gaps where there is no reader. */
export function sampleValues(reader: { name: string; address: string }, date: Date): GapValues {
  return {
    to: mailboxText(reader),
    address: reader.address,
    date: date.toUTCString().replace('GMT', '+0000'),
    messageId: `sample.${date.getTime().toString(36)}@example.org`,
    unsubscribeToken: SAMPLE_TOKEN,
    preferencesToken: SAMPLE_TOKEN,
  };
}

export function fillSample(cut: Cut, values: GapValues): string {
  return fill(cut, (gap) => values[gap]);
}

/** The day of an extra edition; the hour does not show, and must not make two renders of a day differ. */
function startOfDay(now: Date): Date {
  return new Date(Math.floor(now.getTime() / DAY_MS) * DAY_MS);
}
