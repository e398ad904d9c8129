/** The links of an edition's mails, all built from the configured base URL; each takes a token of the reader's own. */
export function readerLinks(baseUrl: string) {
  return {
    view: (token: string) => `${baseUrl}/e/${token}`,
    unsubscribe: (token: string) => `${baseUrl}/u/${token}`,
    preferences: (token: string) => `${baseUrl}/p/${token}`,
  };
}
