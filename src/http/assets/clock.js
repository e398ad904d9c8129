// The clock of whoever looks, beside times of another zone.
const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
const written = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const fields = {
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
};

/** The instant of a clock's reading in a zone: the offset is that of the instant itself, found in two steps. */
function instantOf(local, timeZone) {
  const wanted = Date.parse(`${local}:00Z`);
  const format = new Intl.DateTimeFormat('en-CA', { ...fields, timeZone });
  const reading = (time) => {
    const { year, month, day, hour, minute } = Object.fromEntries(
      format.formatToParts(time).map(({ type, value }) => [type, value]),
    );
    return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:00Z`);
  };
  let time = wanted;
  for (let step = 0; step < 2; step++) time += wanted - reading(time);
  return time;
}

const hereText = (time) => `That is ${written.format(time)} where you are (${own.replaceAll('_', ' ')}).`;

const UNITS = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
];

/** "in 3 days", "in 5 hours", "in 42 seconds": in twos at least, so that it says enough. */
function untilText(seconds) {
  const [size, unit] = UNITS.find(([size]) => seconds >= 2 * size) ?? UNITS.at(-1);
  return new Intl.RelativeTimeFormat('en', { numeric: 'always' }).format(Math.round(seconds / size), unit);
}

/** As it is said by the second when it is near, and else as it comes. */
function count() {
  for (const one of document.querySelectorAll('[data-until]')) {
    const seconds = Math.ceil((Date.parse(one.dataset.until) - Date.now()) / 1000);
    const text = seconds > 0 ? untilText(seconds) : 'now';
    if (one.dataset.until && one.textContent !== text) one.textContent = text;
  }
}

function tell() {
  count();
  for (const one of document.querySelectorAll('[data-here]'))
    if (one.dataset.here && !one.textContent) one.textContent = hereText(new Date(one.dataset.here));
  const field = document.querySelector('[data-zone]');
  const hint = document.querySelector('[data-zone-here]');
  if (field && hint)
    hint.textContent =
      field.value && field.dataset.zone !== own ? hereText(instantOf(field.value, field.dataset.zone)) : '';
}

document.addEventListener('input', ({ target }) => target.matches?.('[data-zone]') && tell());
document.addEventListener('shown', tell);
tell();
setInterval(count, 1000);
