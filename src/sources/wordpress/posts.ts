import { z } from 'zod';
import { cleanCredit, creditLine, firstImage } from '../../lib/html.ts';
import { parseJson } from '../../lib/json.ts';
import { httpUrl } from '../../lib/url.ts';
import { classify } from '../classify.ts';
import { MAX_TITLE_LENGTH, authorsOf, bodyFacts, bodyText, dateOf, deckOf, isRetraction, plain } from '../clean.ts';
import type { FoundPiece, FoundPieceImage, Parsed } from '../found.ts';

// Posts of WordPress's REST API (developer.wordpress.org/rest-api/reference/posts), with what belongs to them embedded. An
// embed may be an error instead of what was asked for: an author whom the public may not see, an image that is gone.

const PER_PAGE = 50;

const rendered = z.object({ rendered: z.string().catch(''), protected: z.boolean().optional().catch(undefined) });
const person = z.object({ name: z.string() });
const media = z.object({
  source_url: z.string(),
  alt_text: z.string().catch(''),
  caption: rendered.optional().catch(undefined),
});
const term = z.object({ name: z.string(), taxonomy: z.string().catch('') });
const listOf = <T extends z.ZodType>(item: T) => z.array(item.nullable().catch(null as never)).catch([]);

const postSchema = z.object({
  id: z.union([z.number(), z.string()]),
  link: z.string(),
  status: z.string().catch('publish'),
  type: z.string().catch('post'),
  date_gmt: z.string().nullable().catch(null),
  date: z.string().nullable().catch(null),
  modified_gmt: z.string().nullable().catch(null),
  guid: rendered.optional().catch(undefined),
  title: rendered,
  excerpt: rendered.optional().catch(undefined),
  content: rendered.optional().catch(undefined),
  jetpack_featured_media_url: z.string().optional().catch(undefined),
  yoast_head_json: z
    .object({ author: z.string().optional(), og_image: z.array(z.object({ url: z.string() })).optional() })
    .optional()
    .catch(undefined),
  _embedded: z
    .object({
      author: listOf(person),
      'wp:featuredmedia': listOf(media),
      'wp:term': z.array(listOf(term)).catch([]),
    })
    .optional()
    .catch(undefined),
});

type Post = z.infer<typeof postSchema>;

/** The first page of a site's posts, from the address of its API: `…/wp-json/` or `…/?rest_route=/`. */
export function postsUrl(apiRoot: string): string {
  const url = new URL(apiRoot);
  const route = url.searchParams.get('rest_route');
  if (route === null) url.pathname = `${url.pathname.replace(/\/+$/, '')}/wp/v2/posts`;
  else url.searchParams.set('rest_route', '/wp/v2/posts');
  url.searchParams.set('_embed', '1');
  url.searchParams.set('per_page', String(PER_PAGE));
  return url.href;
}

/** Parses one page of posts. A short page need not be the last: what the public may not see is missing from it. */
export function parsePosts(text: string, url: string): Parsed {
  const posts = parseJson(text);
  if (!Array.isArray(posts)) return { ok: false, problem: problemOf(text) };
  const pieces = posts.map((post: unknown) => pieceOf(post, url)).filter((piece) => piece !== undefined);
  return {
    ok: true,
    title: new URL(url).host,
    pieces,
    skipped: posts.length - pieces.length,
    next: posts.length > 0 ? pageAfter(url) : undefined,
  };
}

/** An error of the API has a code and a message. */
function problemOf(text: string): string {
  const error = z.object({ code: z.string(), message: z.string() }).safeParse(parseJson(text));
  if (error.success) return `its WordPress API says: ${plain(error.data.message, 200)} (${plain(error.data.code, 60)})`;
  return 'it is not what a WordPress API answers with';
}

function pageAfter(url: string): string {
  const next = new URL(url);
  next.searchParams.set('page', String(Number(next.searchParams.get('page') ?? 1) + 1));
  return next.href;
}

function pieceOf(value: unknown, base: string): FoundPiece | undefined {
  const { success, data: post } = postSchema.safeParse(value);
  if (!success || post.status !== 'publish') return undefined;
  const url = httpUrl(post.link, base);
  const title = plain(post.title.rendered, MAX_TITLE_LENGTH);
  if (url === undefined || title === '') return undefined;
  // What a password protects is not given away.
  const isLocked = post.content?.protected === true || post.excerpt?.protected === true;
  const html = isLocked ? '' : (post.content?.rendered ?? '');
  const body = bodyText(html);
  const terms = (post._embedded?.['wp:term'] ?? []).flat().filter((one) => one !== null);
  const publishedAt = utc(post.date_gmt) ?? dateOf(post.date ?? undefined);
  return {
    guid: post.guid?.rendered ? plain(post.guid.rendered, 1_000) : `post-${post.id}`,
    url,
    title,
    ...deckOf(isLocked ? '' : (post.excerpt?.rendered ?? ''), body),
    ...classify(terms.map(({ name }) => plain(name, 200))),
    authors: authorsOf(authorsIn(post)),
    image: imageOf(post, html, base),
    ...bodyFacts(body),
    language: '',
    publishedAt,
    updatedAt: utc(post.modified_gmt),
    isRetracted: isRetraction(title),
  };
}

function authorsIn(post: Post): (string | undefined)[] {
  const embedded = (post._embedded?.author ?? []).map((one) => one?.name);
  return embedded.some((name) => name !== undefined) ? embedded : [post.yoast_head_json?.author];
}

function imageOf(post: Post, html: string, base: string): FoundPieceImage | undefined {
  const featured = post._embedded?.['wp:featuredmedia'][0] ?? undefined;
  const inBody = firstImage(html);
  const src =
    featured?.source_url || post.jetpack_featured_media_url || post.yoast_head_json?.og_image?.[0]?.url || inBody?.url;
  const url = httpUrl(src, base);
  if (url === undefined) return undefined;
  const caption = featured?.caption?.rendered ?? '';
  return {
    url,
    alt: plain(featured?.alt_text || (featured === undefined ? inBody?.alt : ''), 300),
    credit: cleanCredit(creditLine(caption) ?? '') || inBody?.credit || '',
  };
}

/** `date_gmt` is UTC and does not say so; a draft's is all zeroes. */
function utc(text: string | null): Date | undefined {
  if (text === null || text.startsWith('0000')) return undefined;
  return dateOf(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
}
