import { z } from 'zod';
import { cleanCredit, creditLine } from '../../lib/html.ts';
import { parseJson } from '../../lib/json.ts';
import { httpUrl } from '../../lib/url.ts';
import { classify } from '../classify.ts';
import { MAX_TITLE_LENGTH, authorsOf, bodyFacts, bodyText, dateOf, deckOf, isRetraction, plain } from '../clean.ts';
import type { FoundPiece, Parsed } from '../found.ts';

// Posts of Ghost's Content API (docs.ghost.org/content-api). The key goes in as a secret parameter and stands in no address
// of ours. What only members may read is left out as a whole: neither its words nor that it exists goes out by mail.

const PER_PAGE = 50;

const nullable = z.string().nullable().optional().catch(undefined);
const named = z.object({ name: z.string(), visibility: z.string().optional().catch(undefined) });

const postSchema = z.object({
  id: z.string(),
  url: z.string(),
  title: z.string(),
  // What does not say that it is public is not.
  visibility: z.string().catch(''),
  access: z.boolean().optional().catch(undefined),
  html: nullable,
  custom_excerpt: nullable,
  excerpt: nullable,
  feature_image: nullable,
  feature_image_alt: nullable,
  feature_image_caption: nullable,
  published_at: nullable,
  updated_at: nullable,
  authors: z.array(named).catch([]),
  tags: z.array(named).catch([]),
});
const answerSchema = z.object({
  posts: z.array(z.unknown()),
  meta: z
    .object({ pagination: z.object({ next: z.number().nullable() }) })
    .optional()
    .catch(undefined),
});
const errorSchema = z.object({ errors: z.array(z.object({ message: z.string() })).min(1) });

/** The first page of a site's posts. */
export function contentUrl(site: string): string {
  const url = new URL('ghost/api/content/posts/', site.endsWith('/') ? site : `${site}/`);
  url.searchParams.set('include', 'authors,tags');
  url.searchParams.set('limit', String(PER_PAGE));
  url.searchParams.set('page', '1');
  return url.href;
}

/** Parses one page of posts. */
export function parseContent(text: string, url: string): Parsed {
  const value = parseJson(text);
  const answer = answerSchema.safeParse(value);
  if (!answer.success) {
    const error = errorSchema.safeParse(value);
    const said = error.success ? `: ${plain(error.data.errors[0]?.message, 200)}` : '';
    return { ok: false, problem: `it is not what a Ghost Content API answers with${said}` };
  }
  const { posts, meta } = answer.data;
  const pieces = posts.map((post) => pieceOf(post, url)).filter((piece) => piece !== undefined);
  return {
    ok: true,
    title: new URL(url).host,
    pieces,
    skipped: posts.length - pieces.length,
    next: meta?.pagination.next ? pageOf(url, meta.pagination.next) : undefined,
  };
}

function pageOf(url: string, page: number): string {
  const next = new URL(url);
  next.searchParams.set('page', String(page));
  return next.href;
}

function pieceOf(value: unknown, base: string): FoundPiece | undefined {
  const { success, data: post } = postSchema.safeParse(value);
  if (!success || post.visibility !== 'public' || post.access === false) return undefined;
  const url = httpUrl(post.url, base);
  const title = plain(post.title, MAX_TITLE_LENGTH);
  if (url === undefined || title === '') return undefined;
  const body = bodyText(post.html ?? '');
  const image = httpUrl(post.feature_image ?? undefined, base);
  const caption = post.feature_image_caption ?? '';
  return {
    guid: post.id,
    url,
    title,
    ...deckOf(post.custom_excerpt ?? '', body || (post.excerpt ?? '')),
    ...classify(post.tags.filter(({ visibility }) => visibility !== 'internal').map(({ name }) => plain(name, 200))),
    authors: authorsOf(post.authors.map(({ name }) => name)),
    image:
      image === undefined
        ? undefined
        : {
            url: image,
            alt: plain(post.feature_image_alt ?? '', 300),
            credit: cleanCredit(creditLine(caption) ?? plain(caption, 200)),
          },
    ...bodyFacts(body),
    language: '',
    publishedAt: dateOf(post.published_at ?? undefined),
    updatedAt: dateOf(post.updated_at ?? undefined),
    isRetracted: isRetraction(title),
  };
}
