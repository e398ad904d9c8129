export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** True for a name in the IANA time zone database that this Node knows. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** "Thursday, 26 November 2026" in the reader's language and zone. */
export function longDate(date: Date, timeZone: string, language = 'en-GB'): string {
  const options = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' } as const;
  return new Intl.DateTimeFormat(localeOf(language), { ...options, timeZone }).format(date);
}

/** "Thu 26 Nov 2026, 09:00 EST", for editors. */
export function shortDateTime(date: Date, timeZone: string): string {
  const options = { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' } as const;
  const clock = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZoneName: 'short' } as const;
  return new Intl.DateTimeFormat('en-GB', { ...options, ...clock, timeZone }).format(date);
}

/** "41 s", "3 min 20 s", "2 h 5 min": for progress and reports. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / SECOND_MS);
  if (seconds < 60) return ms < 10_000 ? `${(ms / SECOND_MS).toFixed(1)} s` : `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** English dates in the order that most of the world writes; other languages in their own. */
function localeOf(language: string): string {
  return language === 'en' ? 'en-GB' : language;
}

/** "in 3 days", "in 5 hours", "in 12 minutes". */
export function untilText(ms: number): string {
  const units: [number, Intl.RelativeTimeFormatUnit][] = [
    [2 * DAY_MS, 'day'],
    [2 * HOUR_MS, 'hour'],
    [0, 'minute'],
  ];
  const [, unit = 'minute'] = units.find(([least]) => ms >= least) ?? [];
  const size = { day: DAY_MS, hour: HOUR_MS, minute: MINUTE_MS }[unit as 'day'];
  return new Intl.RelativeTimeFormat('en', { numeric: 'always' }).format(Math.round(ms / size), unit);
}
