// Somebody else at the same edition, its clock, and the workers: what live.js hears of it, and what the page makes of that.
import { tell } from './page.js';

const AGAIN_MS = 3_000;
const desk = () => document.querySelector('[data-edition]');
let mine;
let latest;
let isLooking = false;
let here = '';

/** `page`: what there is to see and to do of the page that it is about. */
export function listen(page) {
  mine = page;
  document.addEventListener('standing', ({ detail: now }) => {
    others(now.viewers ?? []);
    latest = now;
    if (!isLooking) void look();
  });
}

/** Who else has this edition before them. */
function others(viewers) {
  const names = viewers.filter(({ accountId }) => String(accountId) !== desk()?.dataset.me).map(({ name }) => name);
  here = names.length === 0 ? '' : `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} here, too`;
  sayOthers();
}

export function sayOthers() {
  const place = document.querySelector('[data-viewers]');
  if (place && place.textContent !== here) place.textContent = here;
}

/** The newest of what was heard, once the acts that are on their way are answered; and again, where one comes meanwhile. */
async function look() {
  isLooking = true;
  const now = latest;
  await mine.answered();
  const isHeard = await notice(now).catch(() => false);
  isLooking = false;
  if (latest !== now) void look();
  else if (!isHeard) setTimeout(() => latest === now && !isLooking && void look(), AGAIN_MS);
}

/** False where the desk could not be asked. */
async function notice(now) {
  const { revision, state } = mine.standing();
  if (now.problem || now.revision < revision) return true;
  if (now.revision === revision) return now.state === state ? noticeLinks(now) : noticeState(now);
  const words = `${now.madeBy} has changed it meanwhile: it is at revision ${now.revision}.`;
  if (!isTold(words)) tellOf(words);
  return true;
}

const isTold = (words) => document.querySelector('[data-live-region]')?.textContent.includes(words);

function tellOf(words) {
  const link = { href: `/editions/${desk().dataset.edition}`, textContent: 'Load it' };
  tell(words).append(Object.assign(document.createElement('a'), link));
}

/** What was counted before an act of one's own may come after its answer: only the desk knows which of two states is the later one. */
async function noticeState(now) {
  const words = `It is ${now.stateText} now.`;
  if (isTold(words)) return true;
  const page = await mine.load();
  if (!isOf(page, now)) return true;
  if (mine.hasWords()) {
    tellOf(words);
  } else {
    mine.show(page);
    tell(words);
  }
  return true;
}

const isBusy = (part) => part.contains(document.activeElement);

/**
 * Where its links lead is found out a moment after they are there: parts of the page that are from before somebody looked. False where
 * somebody is in one of them.
 */
async function noticeLinks(now) {
  const isOld = (part) => part.dataset.linksAt < (now.linksAt ?? '');
  const old = () => [...document.querySelectorAll('[data-links-at]')].filter(isOld);
  if (old().every(isBusy)) return old().length === 0;
  const page = await mine.load();
  if (!isOf(page, now)) return true;
  const late = old().filter((part) => !isBusy(part));
  for (const { dataset } of late) mine.renew(page, `[data-part="${dataset.part}"]`);
  document.dispatchEvent(new Event('shown'));
  return old().length === 0;
}

/** Is a page of what was heard, and of no later than what is on the page here? */
function isOf(page, now) {
  const { revision, state } = page.querySelector('[data-edition]')?.dataset ?? {};
  return Number(revision) === now.revision && state === now.state && Number(revision) === mine.standing().revision;
}
