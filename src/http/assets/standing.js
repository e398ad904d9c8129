// What an edition is and how its send goes on, as the server says it, and what the page makes of that: figures at once, the rest of the ledger
// when it was counted anew; somebody else at it, its clock and the workers. Without script the page shows all of it as of its loading.
import { answered, seen, withView } from './acts.js';
import { HTML, isTold, load, parse, tell } from './page.js';

/** The desk could not be asked. */
const AGAIN_MS = 3_000;
/** What is over may go on: somebody tries again. */
const OVER_MS = 15_000;
/** A line that an answer has closed which was none, such as a proxy's while the desk starts anew, is opened again: first, and at the latest. */
const [SOON_MS, LATE_MS] = [2_000, 60_000];

const desk = () => document.querySelector('[data-edition]');
const id = desk()?.dataset.edition;
let page;
let latest;
let isLooking = false;
let here = '';
let source;
let again;
let waitMs = SOON_MS;

/** `shown`: what there is to do to the page that it is about. */
export function listen(shown) {
  page = shown;
  follow();
}

/** Somebody has made another revision than the one that is seen here. */
export const isBehind = () => latest !== undefined && latest.revision > Number(seen.revision);

/** A tab that nobody sees keeps no line open: a browser has six for all of them. */
function follow() {
  clearTimeout(again);
  source?.close();
  source = undefined;
  if (!id || document.hidden) return;
  const line = new EventSource(`/editions/${id}/events`);
  source = line;
  line.addEventListener('sums', ({ data }) => {
    waitMs = SOON_MS;
    hear(JSON.parse(data));
  });
  line.addEventListener('end', () => {
    line.close();
    again = setTimeout(follow, OVER_MS);
  });
  line.addEventListener('error', () => {
    if (line !== source || line.readyState !== EventSource.CLOSED) return;
    again = setTimeout(follow, waitMs);
    waitMs = Math.min(2 * waitMs, LATE_MS);
  });
}

document.addEventListener('visibilitychange', follow);
window.addEventListener('pagehide', () => source?.close());
window.addEventListener('pageshow', ({ persisted }) => persisted && follow());
// What was stopped may go on.
document.addEventListener('shown', () => source?.readyState === EventSource.CLOSED && follow());

function hear(now) {
  showSums(now);
  others(now.viewers ?? []);
  latest = now;
  if (!isLooking) void look();
}

function showSums(now) {
  const board = document.querySelector('[data-part="ledger"]');
  if (!board || !now.sums) return;
  for (const [name, value] of Object.entries(now.sums)) {
    const cell = board.querySelector(`[data-figure="${name}"]`);
    if (cell) cell.textContent = value.toLocaleString('en-US');
  }
  const state = board.querySelector('[data-state]');
  state.textContent = now.stateText;
  state.className = `state ${now.state}`;
  const bar = board.querySelector('progress');
  if (bar) bar.value = now.share;
  if ((now.detailsAt ?? '') > board.dataset.detailsAt) void renewLedger(board).catch(() => {});
  const when = board.querySelector('[data-counted]');
  if (when && now.countedAt) when.textContent = new Date(now.countedAt).toISOString().slice(11, 19);
}

/** By domain, by cause, the course: as the server draws them. What is open stays open. */
async function renewLedger(board) {
  const answer = await fetch(`/editions/${id}/ledger`, { headers: HTML });
  if (!answer.ok) return;
  const fresh = (await parse(answer)).querySelector('[data-part="ledger"]');
  // Whoever is in it is not thrown out; it is tried again with the next figures.
  if (!fresh || board.contains(document.activeElement)) return;
  const open = [...board.querySelectorAll('details')].map((one) => one.open);
  for (const [at, one] of fresh.querySelectorAll('details').entries()) one.open = open[at] ?? false;
  board.replaceWith(fresh);
}

/** Who else has this edition before them. */
function others(viewers) {
  const names = viewers
    .filter(({ accountId }) => String(accountId) !== document.body.dataset.me)
    .map(({ name }) => name);
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
  await answered();
  const isHeard = await notice(now).catch(() => false);
  isLooking = false;
  if (latest !== now) void look();
  else if (!isHeard) setTimeout(() => latest === now && !isLooking && void look(), AGAIN_MS);
}

/** False where the desk could not be asked. */
async function notice(now) {
  const revision = Number(seen.revision);
  if (now.problem || now.revision < revision) return true;
  if (now.revision === revision) return now.state === seen.state ? noticeLinks(now) : noticeState(now);
  const words = `${now.madeBy} has changed it meanwhile: it is at revision ${now.revision}.`;
  if (!isTold(words)) tellOf(words);
  return true;
}

function tellOf(words) {
  const link = { href: `/editions/${id}`, textContent: 'Load it' };
  tell(words).append(Object.assign(document.createElement('a'), link));
}

/** What was counted before an act of one's own may come after its answer: only the desk knows which of two states is the later one. */
async function noticeState(now) {
  const words = `It is ${now.stateText} now.`;
  if (isTold(words)) return true;
  const fresh = await load(withView(`/editions/${id}`));
  if (!isOf(fresh, now)) return true;
  if (page.hasWords()) {
    tellOf(words);
  } else {
    page.show(fresh);
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
  const fresh = await load(withView(`/editions/${id}`));
  if (!isOf(fresh, now)) return true;
  const late = old().filter((part) => !isBusy(part));
  for (const { dataset } of late) page.renew(fresh, `[data-part="${dataset.part}"]`);
  document.dispatchEvent(new Event('shown'));
  return old().length === 0;
}

/** Is a page of what was heard, and of no later than what is on the page here? */
function isOf(fresh, now) {
  const { revision, state } = fresh.querySelector('[data-edition]')?.dataset ?? {};
  return Number(revision) === now.revision && state === now.state && revision === seen.revision;
}
