/** Where to go after signing in: a path of the desk and nothing else (no other host, no scheme, no backslash). */
export function localTarget(text: unknown): string {
  if (typeof text !== 'string' || text.length > 500) return '/';
  return /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(text) ? text : '/';
}
