// Acts at an edition, one after the other: each is a form that is sent, and its answer is the page as it is by then.
import { isTold, post, refused, tell } from './page.js';

const BUSY_AFTER_MS = 400;
/** Asked too often (RFC 6585, 4): a while later it is taken. */
const TOO_MANY = 429;
/** An act may look something up elsewhere, or wait for a mail server; a save does not. */
const [ACT_MS, SAVE_MS] = [120_000, 30_000];
const NOT_DONE = 'What you pressed after that was not done: press it again, where you still want it.';
const NO_ANSWER =
  'No answer came from the desk. What you typed is not lost; whether this was done, you see when the desk is there again.';

/** What the person here has seen: only an answer to an act of their own moves it on. */
export const seen = { ...document.querySelector('[data-edition]')?.dataset };
/** Acts wait for each other. Where one is refused, those that were meant for what was there before are not sent. */
let last = Promise.resolve();
let epoch = 0;
let underWay = 0;
let isReached = true;
let showing;
/** What is pressed and not answered yet: the same once more is a second press of one button, not a second act. */
const pressed = new Set();
let composing = Promise.resolve();

export const answered = () => last;
export const isWaiting = () => underWay > 0;
/** The desk had an answer for the last that was sent. */
export const hasReached = () => isReached;

/** `show` is given each page that is answered, and what it is the answer to. */
export function showWith(show) {
  showing = show;
}

/** `isUnasked`: nobody pressed a button for it. */
export function ofRevision(body, revision, isUnasked = false) {
  if (body.has('revision')) body.set('revision', revision);
  if (isUnasked) body.set('unasked', 'yes');
  return body;
}

/** An act by a button. */
export function press({ address, body, done, settle }) {
  queue({ address, done, settle, pressed: body, prepare: () => ofRevision(body, seen.revision) });
}

/**
 * `pressed`: what stood in the form when its button was pressed, if one was. `prepare` says what is sent, if anything is; `settle` sees what was
 * answered before the page does, and says whether that is fine (`isFine`: a refusal that is none) and what is to be done when the page is there
 * (`after`); `lost` is given what was sent and had no answer. Words that are saved (`isTexts`, `saves`) go on their way whatever became of the
 * act before.
 */
export function queue(one) {
  const mine = epoch;
  const key = one.pressed && `${one.address} ${new URLSearchParams(ofRevision(one.pressed, ''))}`;
  if (pressed.has(key)) return;
  if (key) pressed.add(key);
  begin();
  last = last
    .then(() => (mine === epoch || isSave(one) ? sendNow(one) : skip()))
    .catch(() => {
      epoch++;
      isReached = false;
      if (!isTold(NO_ANSWER)) tell(NO_ANSWER);
      if (one.sent) one.lost?.(one.sent);
    })
    .finally(() => {
      pressed.delete(key);
      one.end?.();
      end();
    });
}

const isSave = ({ isTexts, saves }) => isTexts || saves !== undefined;

/** What is not done is told, and stays told until something is pressed. */
export function skip() {
  if (!isTold(NOT_DONE)) tell(NOT_DONE, { isBeside: true }).classList.add('kept');
}

async function sendNow(one) {
  const { address, settle, isTexts = false, isUnasked = false, saves, done } = one;
  const body = one.prepare();
  if (!body) return;
  one.sent = body;
  const { answer, page } = await post(withView(address), body, isSave(one) ? SAVE_MS : ACT_MS);
  const { dataset } = page.querySelector('[data-edition]') ?? {};
  isReached = dataset !== undefined;
  if (!isReached) {
    epoch++;
    refused(answer, page);
    if (answer.status === TOO_MANY || answer.status >= 500) one.lost?.(body);
    return;
  }
  // Nobody is interrupted in the middle of a character.
  await composing;
  Object.assign(seen, dataset);
  const { isFine = answer.ok, after } = settle?.(body, answer, page) ?? {};
  if (!isFine) epoch++;
  showing(page, { answer, isTexts, isUnasked, saves, done });
  after?.();
}

/** The preview stays as it is chosen. */
export function withView(address) {
  const url = new URL(address, location.href);
  const here = new URLSearchParams(location.search);
  for (const name of ['view', 'as']) if (here.get(name)) url.searchParams.set(name, here.get(name));
  return url;
}

function begin() {
  underWay++;
  setTimeout(() => document.body.classList.toggle('busy', isWaiting()), BUSY_AFTER_MS);
}

function end() {
  underWay--;
  if (!isWaiting()) document.body.classList.remove('busy');
}

document.addEventListener('compositionstart', ({ target }) => {
  composing = new Promise((resolve) => {
    for (const kind of ['compositionend', 'blur']) target.addEventListener(kind, resolve, { once: true });
  });
});
