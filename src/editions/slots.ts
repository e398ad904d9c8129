import { Cron } from 'croner';
import { MINUTE_MS } from '../lib/time.ts';

// Slots are decided here, by a function of the schedule and of time; the queue's scheduler only wakes whoever asks. A slot is
// the instant at which an edition is due; it opens, with a proposal to the editors, `leadMinutes` earlier.

export interface Schedule {
  /** Minute, hour, day, month, weekday, in the newsletter's time zone. */
  cron: string;
  leadMinutes: number;
  toleranceMinutes: number;
}

export interface Slot {
  dueAt: Date;
  opensAt: Date;
}

/** Slots that opened longer ago than this are history, not news. */
export const LOOKBACK_MS = 60 * 24 * 60 * MINUTE_MS;
const MAX_SLOTS = 5_000;

/** What is wrong with a cron pattern, or undefined. */
export function cronProblem(pattern: string): string | undefined {
  if (pattern.trim().split(/\s+/).length !== 5)
    return `"${pattern}" has not five fields: minute hour day month weekday`;
  try {
    return new Cron(pattern, { paused: true }).getPattern() === undefined ? 'it is empty' : undefined;
  } catch (error) {
    return `"${pattern}" is no cron pattern: ${error instanceof Error ? error.message : ''}`;
  }
}

/** The slots of a schedule that open in (after, until], in order. */
export function slotsOpening(schedule: Schedule, timeZone: string, after: Date, until: Date): Slot[] {
  const leadMs = schedule.leadMinutes * MINUTE_MS;
  const cron = new Cron(schedule.cron, { timezone: timeZone, paused: true });
  const slots: Slot[] = [];
  let dueAt = cron.nextRun(new Date(after.getTime() + leadMs));
  while (dueAt !== null && dueAt.getTime() - leadMs <= until.getTime() && slots.length < MAX_SLOTS) {
    slots.push({ dueAt, opensAt: new Date(dueAt.getTime() - leadMs) });
    dueAt = cron.nextRun(dueAt);
  }
  return slots;
}

/** The next slot to come, or undefined for a pattern that never comes. */
export function nextSlot(schedule: Schedule, timeZone: string, after: Date): Date | undefined {
  return new Cron(schedule.cron, { timezone: timeZone, paused: true }).nextRun(after) ?? undefined;
}

/** Whether a slot that is opened now is still within the newsletter's tolerance, which holds since its schedule does. */
export function isInTime(slot: Slot, schedule: Schedule, since: Date, now: Date): boolean {
  return now.getTime() - Math.max(slot.opensAt.getTime(), since.getTime()) <= schedule.toleranceMinutes * MINUTE_MS;
}

/** The instant of a day and a time, "2026-12-03T09:00", in a time zone; undefined for one that there is not, as in a gap of the clocks. */
export function instantOf(local: string, timeZone: string): Date | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(local)) return undefined;
  try {
    const instant = new Cron(local, { timezone: timeZone, paused: true }).nextRun(new Date(0)) ?? undefined;
    return instant !== undefined && localTimeOf(instant, timeZone) === local ? instant : undefined;
  } catch {
    return undefined;
  }
}

/** As a field for a day and a time has it: "2026-12-03T09:00". */
export function localTimeOf(instant: Date, timeZone: string): string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  return format.format(instant).replace(' ', 'T');
}
