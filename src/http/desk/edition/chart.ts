import type { CoursePoint } from '../../../dispatch/index.ts';
import { durationText } from '../../../lib/time.ts';

// How a send went on, as a drawing that needs no script: what was accepted, and on top of it what was not, by the time since the first mail.

const WIDTH = 600;
const HEIGHT = 140;
const FEWEST = 2;

/** Undefined where there is not enough to draw. `audience` is the height of the whole. */
export function chartOf(course: CoursePoint[], audience: number) {
  const last = course.at(-1);
  if (last === undefined || course.length < FEWEST || audience === 0 || last.seconds === 0) return undefined;
  const x = ({ seconds }: CoursePoint) => round((seconds / last.seconds) * WIDTH);
  const y = (count: number) => round(HEIGHT - (count / audience) * HEIGHT);
  const line = (height: (point: CoursePoint) => number) =>
    course.map((point) => `L${x(point)} ${y(height(point))}`).join('');
  const area = (height: (point: CoursePoint) => number) => `M0 ${HEIGHT}${line(height)}L${WIDTH} ${HEIGHT}Z`;
  return {
    width: WIDTH,
    height: HEIGHT,
    accepted: area(({ accepted }) => accepted),
    all: area(({ accepted, other }) => accepted + other),
    length: durationText(last.seconds * 1_000),
    words: `${last.accepted.toLocaleString('en-US')} of ${audience.toLocaleString('en-US')} accepted in ${durationText(last.seconds * 1_000)}`,
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
