import { sha256 } from '../lib/hash.ts';
import { domainOf } from '../lib/addresses.ts';
import {
  type Edition,
  type EditionContent,
  type Newsletter,
  type Publication,
  findNewsletter,
  editionWithSubject,
  getPublication,
  readContent,
  isOpen,
} from '../editions/index.ts';
import { approvedFor, approvedRendition } from '../dispatch/index.ts';
import { mailboxValue } from '../platform/mime/index.ts';
import { type LinkCheck, linkChecks } from '../links/index.ts';
import { walkHtml } from '../lib/html.ts';
import { type FaintPair, type ThemeSource, faintPairs, readTheme } from '../themes/index.ts';
import { httpUrl } from '../lib/url.ts';
import { type Finding, preflight } from '../preflight/index.ts';
import {
  type Cut,
  type GapValues,
  type Rendered,
  type Stencil,
  fill,
  loadTheme,
  makeStencil,
  renderEdition,
  splice,
} from '../rendering/index.ts';
import { type PieceNews, changeInWords, newsOf } from './changes.ts';
import { type ImageProblem, withOwnImages } from './images.ts';
import { contentFor } from './variants.ts';
import { mailtoOf, readerLinks } from './links.ts';
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
  /** What has become of its pieces since somebody looked. */
  news: PieceNews[];
  imageProblems: ImageProblem[];
  /** The number of an edition that had its subject already. */
  subjectOf: number | undefined;
  /** What was last seen where its links lead. */
  linkChecks: LinkCheck[];
  /** Colours of its theme that are too much alike. */
  faint: FaintPair[];
  /** As a sample reader gets it: tokens in it are good for nothing. */
  sample: { html: string; text: string; message: Buffer };
}

export const SAMPLE_ADDRESS = 'reader@example.org';
const SAMPLE_TOKEN = 'sample.0.0.0.abcdefghjkmnpqrstvwxyz0123';

type Parts = Pick<Newsroom, 'db' | 'clock' | 'keys' | 'baseUrl' | 'unsubscribeAddress'>;

/** What goes out: of an approved edition what was approved, of another what would be now. */
export async function renderNow(parts: Parts, edition: Edition): Promise<RenderedEdition> {
  const fresh = await renderFresh(parts, edition);
  const approved = await approvedRendition(parts.db, edition.id);
  if (approved === undefined) return fresh;
  const { hash, stencil, subject, html, text } = approved;
  const rendered = { ...fresh.rendered, subject, html, text };
  return checked({ ...fresh, rendered, hash, stencil }, parts.clock.now());
}

/** An edition with other content than its own: a variant of it. */
export function renderVariant(parts: Parts, edition: Edition, content: EditionContent): Promise<RenderedEdition> {
  return renderFresh(parts, edition, content);
}

/** An edition as it would be with another theme; never what was approved. */
export function renderWith(parts: Parts, edition: Edition, theme: ThemeSource): Promise<RenderedEdition> {
  return renderFresh(parts, edition, undefined, theme);
}

/** An edition drawn as a mail, with what it was drawn from. */
async function draw(
  { db, clock, baseUrl }: Pick<Parts, 'db' | 'clock' | 'baseUrl'>,
  edition: Edition,
  { variant, theme }: { variant?: EditionContent | undefined; theme?: ThemeSource | undefined } = {},
) {
  const [newsletter, publication, content] = await Promise.all([
    findNewsletter(db, edition.newsletterId),
    getPublication(db),
    variant ?? readContent(db, edition),
  ]);
  if (newsletter === undefined) throw new Error(`edition ${edition.id} belongs to no newsletter`);
  const [{ content: shown, problems: imageProblems }, source] = await Promise.all([
    withOwnImages(db, content, baseUrl),
    theme ?? readTheme(db, newsletter.theme),
  ]);
  const links = readerLinks(baseUrl);
  const date = edition.slotAt ?? clock.now();
  const rendered = await renderEdition(
    { publication, newsletter, edition: { number: edition.number, date }, content: shown, links },
    await loadTheme(source),
  );
  return { newsletter, publication, content, rendered, imageProblems, source, date, links };
}

async function renderFresh(
  parts: Parts,
  edition: Edition,
  variant?: EditionContent,
  theme?: ThemeSource,
): Promise<RenderedEdition> {
  const { db, keys, baseUrl, unsubscribeAddress } = parts;
  const drawn = await draw(parts, edition, { variant, theme });
  const { newsletter, publication, content, rendered, imageProblems, source, date, links } = drawn;
  const news = isOpen(edition) ? await newsOf(db, content) : [];
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
    unsubscribeMailto: mailtoOf(unsubscribeAddress),
  });
  const { unsubscribe } = links;
  return checked(
    {
      edition,
      newsletter,
      publication,
      content,
      rendered,
      hash,
      stencil,
      unsubscribeUrl: unsubscribe,
      news,
      imageProblems,
      subjectOf: await editionWithSubject(db, edition, content.subject),
      faint: faintPairs(source),
      linkChecks: isOpen(edition) ? await linkChecks(db, linksOf(rendered, baseUrl)) : [],
    },
    date,
  );
}

/** The web addresses that a mail links to, but for our own. */
export function linksOf({ html }: Pick<Rendered, 'html'>, baseUrl: string): string[] {
  const texts = html.filter((part) => typeof part === 'string').join('');
  const targets = new Set<string>();
  walkHtml(texts, {
    onopentag: (name, { href }) => {
      if (name === 'a' && httpUrl(href) !== undefined && !href?.startsWith(`${baseUrl}/`)) targets.add(href as string);
    },
  });
  return [...targets];
}

/** As a sample reader gets it, with what preflight says of that. */
function checked(edition: Omit<RenderedEdition, 'findings' | 'sample'>, date: Date): RenderedEdition {
  const { content, rendered, stencil, news, imageProblems, subjectOf, linkChecks: links, faint } = edition;
  const values = sampleValues({ name: '', address: SAMPLE_ADDRESS }, date);
  const html = fillSample(rendered.html, values);
  const text = fillSample(rendered.text, values);
  const changes = news.map(({ title, changes: own }) => ({ title, changes: own.map(changeInWords) }));
  const findings = preflight({ content, rendered, html, text, imageProblems, changes, subjectOf, links, faint });
  return { ...edition, findings, sample: { html, text, message: splice(stencil, values) } };
}

/** What stands in the gaps where there is no reader. */
export function sampleValues(reader: { name: string; address: string }, date: Date): GapValues {
  return {
    to: mailboxValue('To', reader),
    address: reader.address,
    date: date.toUTCString().replace('GMT', '+0000'),
    messageId: `sample.${date.getTime().toString(36)}@example.org`,
    unsubscribeToken: SAMPLE_TOKEN,
    preferencesToken: SAMPLE_TOKEN,
    viewToken: SAMPLE_TOKEN,
  };
}

/** A reader, as somebody who looks knows them; without an id, whatever else they have had. */
export interface PreviewedReader {
  id?: number;
  name: string;
  address: string;
}

/**
 * The mail of an edition, drawn and not looked into: what was approved, or what would be now. For a reader without what other newsletters
 * have brought them; `variant`: with other content than it has. The links in it are good for nothing.
 */
export async function previewOf(
  parts: Pick<Parts, 'db' | 'clock' | 'baseUrl'>,
  edition: Edition,
  { reader, variant }: { reader?: PreviewedReader | undefined; variant?: EditionContent } = {},
): Promise<{ html: string; text: string }> {
  const approved = variant === undefined ? await approvedFor(parts.db, edition.id, reader?.id) : undefined;
  const { html, text } = approved ?? (await drawFor(parts, edition, reader?.id, variant));
  const values = sampleValues(reader ?? { name: '', address: SAMPLE_ADDRESS }, parts.clock.now());
  return { html: fillSample(html, values), text: fillSample(text, values) };
}

async function drawFor(
  parts: Pick<Parts, 'db' | 'clock' | 'baseUrl'>,
  edition: Edition,
  subscriberId: number | undefined,
  variant: EditionContent | undefined,
): Promise<Pick<Rendered, 'html' | 'text'>> {
  const whole = await draw(parts, edition, { variant });
  if (subscriberId === undefined) return whole.rendered;
  const own = await contentFor(parts, edition, whole, subscriberId);
  return own === whole.content ? whole.rendered : (await draw(parts, edition, { variant: own })).rendered;
}

function fillSample(cut: Cut, values: GapValues): string {
  return fill(cut, (gap) => values[gap]);
}
