/** The links of an edition's mails, all built from the configured base URL; each takes a token of the reader's own. */
export function readerLinks(baseUrl: string) {
  return {
    view: (token: string) => `${baseUrl}/e/${token}`,
    unsubscribe: (token: string) => `${baseUrl}/u/${token}`,
    preferences: (token: string) => `${baseUrl}/p/${token}`,
    media: (path: string) => `${baseUrl}${path}`,
  };
}

/** A mail by which somebody leaves: with the token as its subject, which every mail program carries over. */
export function mailtoOf(unsubscribeAddress: string | undefined): ((token: string) => string) | undefined {
  if (unsubscribeAddress === undefined) return undefined;
  return (token) => `mailto:${unsubscribeAddress}?subject=unsubscribe%20${token}`;
}
