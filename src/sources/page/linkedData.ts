import { parseJson } from '../../lib/json.ts';
import type { PageDocument } from './document.ts';

// What a page says of itself in JSON-LD (schema.org): the node that is the article, and what of it matters here. Whatever
// stands there is somebody else's JSON.

export interface LinkedArticle {
  title: string | undefined;
  deck: string | undefined;
  kind: string | undefined;
  authors: string[];
  categories: string[];
  image: string | undefined;
  credit: string | undefined;
  published: string | undefined;
  modified: string | undefined;
  correction: string | undefined;
  isRetracted: boolean;
}

type Node = Record<string, unknown>;

const ARTICLE = /(Article|BlogPosting|Report|Review|VideoObject|PodcastEpisode|LiveBlogPosting)$/;
const KINDS: Record<string, string> = {
  OpinionNewsArticle: 'Opinion',
  AnalysisNewsArticle: 'Analysis',
  ReportageNewsArticle: 'Reporting',
  ReviewNewsArticle: 'Review',
  BackgroundNewsArticle: 'Analysis',
  VideoObject: 'Video',
  PodcastEpisode: 'Podcast',
};
const MAX_NODES = 500;

export function readLinkedData(document: PageDocument): LinkedArticle | undefined {
  const nodes = nodesOf(document);
  const article = nodes.find((node) => typesOf(node).some((type) => ARTICLE.test(type)));
  if (article === undefined) return undefined;
  const byId = new Map(nodes.map((node) => [node['@id'], node]));
  const follow = (value: unknown): unknown =>
    isNode(value) && value.name === undefined && typeof value['@id'] === 'string'
      ? (byId.get(value['@id']) ?? value)
      : value;
  const image = listOf(article.image).map(follow)[0];
  const people = listOf(article.author ?? article.creator).map(follow);
  const persons = people.filter((one) => !isNode(one) || !typesOf(one).includes('Organization'));
  return {
    title: textIn(article.headline) ?? textIn(article.name),
    deck: textIn(article.description),
    kind: typesOf(article)
      .map((type) => KINDS[type])
      .find((kind) => kind !== undefined),
    authors: (persons.length > 0 ? persons : people).flatMap(namesIn),
    categories: [...listOf(article.articleSection), ...listOf(article.genre), ...keywordsIn(article.keywords)].flatMap(
      (word) => textIn(word) ?? [],
    ),
    image: isNode(image) ? (textIn(image.url) ?? textIn(image.contentUrl)) : textIn(image),
    credit: isNode(image) ? (textIn(image.creditText) ?? textIn(image.copyrightHolder)) : undefined,
    published: textIn(article.datePublished) ?? textIn(article.dateCreated),
    modified: textIn(article.dateModified),
    correction: listOf(article.correction).map((one) => (isNode(one) ? textIn(one.text) : textIn(one)))[0],
    isRetracted: /retract|withdrawn/i.test(textIn(article.creativeWorkStatus) ?? ''),
  };
}

function nodesOf(document: PageDocument): Node[] {
  const nodes: Node[] = [];
  const take = (value: unknown, depth: number) => {
    if (depth > 6 || nodes.length >= MAX_NODES) return;
    if (Array.isArray(value)) for (const one of value) take(one, depth + 1);
    if (!isNode(value)) return;
    nodes.push(value);
    take(value['@graph'], depth + 1);
    take(value.mainEntity, depth + 1);
    take(value.author, depth + 1);
  };
  for (const script of document.querySelectorAll('script[type="application/ld+json"]')) {
    take(parsed(script.textContent ?? ''), 0);
  }
  return nodes;
}

/** Some systems leave line breaks in strings, or wrap the whole in a comment. */
function parsed(text: string): unknown {
  const bare = text.replace(/^\s*(\/\*.*?\*\/|<!--|\/\/<!\[CDATA\[)|(-->|\/\/\]\]>)\s*$/gs, '');
  return parseJson(bare) ?? parseJson(bare.replace(/[\r\n\t]+/g, ' '));
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function typesOf(node: Node): string[] {
  return listOf(node['@type']).filter((type) => typeof type === 'string');
}

function listOf(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value.slice(0, 50) : [value];
}

function textIn(value: unknown): string | undefined {
  if (typeof value === 'string' && value.trim() !== '') return value;
  if (isNode(value)) return textIn(value['@value'] ?? value.name);
  return undefined;
}

function namesIn(person: unknown): string[] {
  const name = textIn(person);
  return name === undefined || /^https?:/.test(name) ? [] : [name];
}

function keywordsIn(value: unknown): unknown[] {
  return listOf(value).flatMap((one) => (typeof one === 'string' ? one.split(',') : [one]));
}
