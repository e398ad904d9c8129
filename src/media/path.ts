/** Photographs are kept as one of these. */
const EXTENSIONS: Record<string, string> = { 'image/jpeg': 'jpg', 'image/png': 'png' };

/** Where a photograph is served: by the hash of its bytes, below BASE_URL. */
export function mediaPath(hash: string, type: string): string {
  return `/media/${hash}.${EXTENSIONS[type]}`;
}

/** What a path asks for; undefined for what is none. */
export function mediaIn(file: string): { hash: string; type: string } | undefined {
  const [, hash, extension] = /^([0-9a-f]{40})\.([a-z]+)$/.exec(file) ?? [];
  const [type] = Object.entries(EXTENSIONS).find(([, one]) => one === extension) ?? [];
  return hash === undefined || type === undefined ? undefined : { hash, type };
}
