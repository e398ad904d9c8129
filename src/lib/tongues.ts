/** The languages in which readers' pages and letters are written. */
export const TONGUES = ['en', 'es', 'fr', 'ar'] as const;
export type Tongue = (typeof TONGUES)[number];

/** A language of ours for a language tag (RFC 5646), by its first part; undefined where there is none. */
export function tongueOf(tag: string | undefined): Tongue | undefined {
  const [language] = (tag ?? '').toLowerCase().split('-');
  return TONGUES.find((tongue) => tongue === language);
}

/** The one of ours that a browser likes best (RFC 9110 12.5.4); undefined where it names none. */
export function likedTongue(acceptLanguage: string | undefined): Tongue | undefined {
  const wishes = (acceptLanguage ?? '')
    .slice(0, 1_000)
    .split(',')
    .map((wish) => {
      const [tag = '', ...rest] = wish.trim().split(';');
      const weight = /q=([\d.]+)/.exec(rest.join(';'))?.[1];
      return { tongue: tongueOf(tag), weight: weight === undefined ? 1 : Number(weight) };
    })
    .filter(({ tongue, weight }) => tongue !== undefined && weight > 0)
    .toSorted((a, b) => b.weight - a.weight);
  return wishes[0]?.tongue;
}

export function directionOf(tongue: Tongue): 'ltr' | 'rtl' {
  return tongue === 'ar' ? 'rtl' : 'ltr';
}
