import type { Clock } from '../../src/platform/clock.ts';

/** A clock that stands until it is moved. */
export interface MovableClock extends Clock {
  moveTo(time: string | Date): void;
}

export function clockAt(time: string): MovableClock {
  let now = new Date(time);
  return {
    now: () => now,
    moveTo: (to) => {
      now = new Date(to);
    },
  };
}
