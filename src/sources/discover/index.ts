import type { DiscoverOptions, Discovery } from './discover.ts';

export type { Discovery, ProposedSource } from './discover.ts';

/** What a site offers. Throws `fetch-failed` where the address itself cannot be read. */
export async function discoverSources(address: string, options: DiscoverOptions): Promise<Discovery> {
  // Loaded by whoever asks: it brings all parsers.
  const { discoverSources: discover } = await import('./discover.ts');
  return discover(address, options);
}
