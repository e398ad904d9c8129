import { Command } from 'commander';
import pc from 'picocolors';
import type { App } from '../../app.ts';
import { counted, shorten } from '../../lib/text.ts';
import { shortDateTime } from '../../lib/time.ts';
import { httpUrl } from '../../lib/url.ts';
import { addSource } from '../../newsroom/index.ts';
import { RoundupError } from '../../platform/errors.ts';
import { type Discovery, KIND_NAMES, type ProposedSource, discoverSources } from '../../sources/index.ts';
import { type CommonOptions, actorOf, withActor, withApp, withJson } from '../context.ts';
import { mark, print, printJson } from '../output.ts';
import { startStep } from '../progress.ts';

// From a site's address to its sources: what it offers, and one of it added.

interface Options extends CommonOptions {
  name?: string;
  local?: boolean;
  pick?: string;
  key?: string;
  complete?: boolean;
}

const SAMPLE = 3;

export function findCommand(): Command {
  return withSite(
    new Command('find').description('what a site offers: feeds, its API, a news sitemap, each with a sample'),
  ).action(async (address: string, options: Options) => {
    const discovery = await discover(address, options);
    if (options.json) return printJson(summary(discovery));
    show(discovery, address);
  });
}

export function addCommand(): Command {
  return withSite(
    new Command('add').description(
      'add a source by the address of a site or of a feed; it is read once, to see what it is',
    ),
  )
    .option('--name <name>', 'a name for it (its own by default)')
    .option('--pick <n>', 'which of several that a site offers, as "source find" numbers them')
    .option('--no-complete', 'do not read article pages for what it leaves out')
    .action(add);
}

function withSite(command: Command): Command {
  return withJson(
    withActor(command)
      .argument('<address>')
      .option('--key <key>', "a Ghost site's Content API key; kept encrypted")
      .option('--local', 'it may be on a private network or on this machine'),
  );
}

async function discover(text: string, options: Options): Promise<Discovery> {
  const address = httpUrl(/^[a-z][a-z0-9+.-]*:/i.test(text) ? text : `https://${text}`);
  if (address === undefined)
    throw new RoundupError('input-invalid', `"${text}" is not a web address: it begins with http:// or https://`);
  const progress = startStep('Looking at the site');
  try {
    const discovery = await discoverSources(address, { isLocal: options.local === true, key: options.key });
    progress.done(counted(discovery.proposals.length, 'source'));
    return discovery;
  } catch (error) {
    progress.failed('failed');
    throw error;
  }
}

async function add(address: string, options: Options): Promise<void> {
  const discovery = await discover(address, options);
  const picked = pick(discovery, address, options);
  await withApp(async (app) => {
    const { name, id } = await keep(app, picked, options);
    const { pieces, kind, url } = picked;
    if (options.json) return printJson({ id, name, kind, url, pieces: pieces.length });
    print(`${mark.ok} source "${name}" added: a ${KIND_NAMES[kind]} with ${counted(pieces.length, 'piece')}`);
    showSample(picked);
    print('  Take them into the pool with: roundup collect');
  });
}

/** The only one, or the one that was asked for. */
function pick(discovery: Discovery, address: string, options: Options): ProposedSource {
  const { proposals, problems, article } = discovery;
  const [first] = proposals;
  if (first === undefined) {
    const why = problems[0] ?? `${address}: there is no feed, no API and no news sitemap to be found`;
    throw new RoundupError('fetch-failed', article === undefined ? why : `${address} is an article, not a site.`, {
      hint:
        article === undefined
          ? 'Look for a feed on the site, or add single pieces with: roundup piece add <address>'
          : `Add it alone with: roundup piece add ${address}`,
    });
  }
  if (options.pick === undefined && proposals.length === 1) return first;
  const picked = proposals[Number(options.pick ?? Number.NaN) - 1];
  if (picked !== undefined) return picked;
  show(discovery, address);
  throw new RoundupError('input-invalid', `${address} offers ${counted(proposals.length, 'source')}; say which one.`, {
    hint: `The first is usually right: roundup source add ${address} --pick 1`,
  });
}

async function keep(app: App, picked: ProposedSource, options: Options): Promise<{ id: number; name: string }> {
  const name = options.name ?? (picked.title || new URL(picked.url).host);
  const { url, kind, key } = picked;
  const wanted = { name, url, kind, isLocal: options.local === true, completes: options.complete !== false, key };
  const parts = { db: app.database.db, clock: app.clock, keys: app.config.keys };
  const { id } = await addSource(parts, wanted, actorOf(options));
  return { id, name };
}

function show({ proposals, problems, article }: Discovery, address: string): void {
  if (proposals.length === 0)
    print(`${mark.warn} ${address} offers no feed, no API and no news sitemap that can be read.`);
  for (const [index, proposal] of proposals.entries()) {
    const { kind, title, pieces, url } = proposal;
    print(
      `${pc.bold(String(index + 1))}  ${title || url}  ${pc.dim(`${KIND_NAMES[kind]}, ${counted(pieces.length, 'piece')}`)}`,
    );
    print(`   ${pc.dim(url)}`);
    showSample(proposal);
  }
  if (proposals.length === 0) for (const problem of problems.slice(0, 5)) print(`  ${mark.note} ${problem}`);
  if (article !== undefined && proposals.length === 0)
    print(`  It is an article: “${article.title}”. Add it alone with: roundup piece add ${address}`);
}

function showSample({ pieces }: ProposedSource): void {
  for (const { title, publishedAt, authors, kind } of pieces.slice(0, SAMPLE)) {
    const facts = [publishedAt === undefined ? '' : shortDateTime(publishedAt, 'UTC'), kind, authors.join(', ')];
    print(`     ${shorten(title, 80)}  ${pc.dim(facts.filter(Boolean).join(' · '))}`);
  }
}

function summary({ proposals, problems, article }: Discovery) {
  return {
    sources: proposals.map(({ kind, url, title, pieces }) => ({
      kind,
      url,
      title,
      pieces: pieces.length,
      sample: pieces
        .slice(0, SAMPLE)
        .map((piece) => ({ title: piece.title, url: piece.url, publishedAt: piece.publishedAt })),
    })),
    problems,
    article: article === undefined ? null : { title: article.title, url: article.url },
  };
}
