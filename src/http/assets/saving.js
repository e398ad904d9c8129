// What is typed at an edition and saved by itself: its texts, and the words of its pieces. None of it is lost by leaving.
import { answered, hasReached, isWaiting, ofRevision, queue, seen, skip } from './acts.js';
import { drawSoon, hasDraft, texts } from './preview.js';
import { isBehind } from './standing.js';
import { formName, formOf, hasWords, isNew, isOverwritten, isSame, isThere, isTypedIn, settled } from './typing.js';

const SAVE_AFTER_MS = 1200;
/** What had no answer is sent again. */
const AGAIN_MS = 3_000;
/** What an act is answered that was of another revision (RFC 9110 15.5.13). */
export const STALE = 412;
/** Whoever leaves waits so long for what is to be saved. */
const MOST_MS = 4_000;
/** Browsers send no more than 64 KiB of a page that is gone (Fetch, 4.7: inflight keepalive bytes). */
const BEACON_BYTES = 60_000;

/** The revision that the texts on the page were begun from: a save of them is of it, whatever else has been seen since. */
let begun = seen.revision;
/** How often something was typed into the texts, and up to which time of these it is saved. */
let typed = 0;
let saved = 0;
/** Up to which time they were refused: they are not sent by themselves as they are. */
let refusedAt = -1;
let saving;
/** Forms of pieces' words that are saved by themselves in a moment; and those that wait for their button, for somebody else wrote there. */
const waiting = new Map();
const held = new Set();
/** What was sent and had no answer, by the form: the desk may have it all the same. */
const unanswered = new Map();

export const isUnsaved = () => typed !== saved;
/** An approval is withdrawn by a change: of what is approved, by its button alone. */
const isAutosaved = () => texts()?.hasAttribute('data-autosave') === true && typed !== refusedAt;

/** Something was typed into a form; `isComposing`: it is half a character. */
export function noteTyped(form, { isComposing = false } = {}) {
  if (form === texts()) {
    typed++;
    saveSoon();
    if (isComposing) clearTimeout(saving);
  } else {
    if (!isTypedIn(form)) held.delete(formName(form));
    saveWordsSoon(form);
    if (isComposing) clearTimeout(waiting.get(formName(form)));
  }
}

document.addEventListener('compositionend', ({ target }) => {
  const form = target.closest?.('form');
  if (form && form === texts()) saveSoon();
  else if (form) saveWordsSoon(form);
});

/** The texts as they are by then, of the revision that they were begun from. */
export function saveTexts({ isAuto }) {
  if (!texts()?.checkValidity()) return;
  let upTo;
  queue({
    address: texts().getAttribute('action'),
    isTexts: true,
    isUnasked: isAuto,
    pressed: isAuto ? undefined : new FormData(texts()),
    prepare() {
      upTo = typed;
      if (!texts() || (isAuto && upTo === saved)) return undefined;
      return ofRevision(new FormData(texts()), begun, isAuto);
    },
    settle: (body, answer, page) => settleTexts(body, upTo, { answer, page }),
    lost(body) {
      noteUnanswered(texts(), body);
      saveSoon(AGAIN_MS);
    },
  });
}

/** What says nothing new would be taken for there whatever became of it. */
function noteUnanswered(form, body) {
  const name = formName(form);
  if (form && isNew(body, form)) unanswered.set(name, [...(unanswered.get(name) ?? []), body]);
}

function saveSoon(afterMs = SAVE_AFTER_MS) {
  clearTimeout(saving);
  if (isAutosaved()) saving = setTimeout(() => saveTexts({ isAuto: true }), afterMs);
}

const TEXTS = ['subject', 'preheader', 'note'];
const textControls = (form) => (form ? TEXTS.map((name) => form.elements.namedItem(name)) : []);

/** What is saved is what the texts are from now on. What is refused stands in them still, or where they were changed meanwhile beside them. */
function settleTexts(body, upTo, { answer, page }) {
  const { kept, isFine } = keptOf(texts(), body, { answer, page });
  if (kept) keepAsTexts(kept);
  if (kept === body || (answer.status === STALE && !sameTexts(page))) saved = upTo;
  else if (!kept && answer.status !== STALE) refusedAt = upTo;
  return { isFine };
}

function keepAsTexts(body) {
  for (const control of textControls(texts())) control.defaultValue = body.get(control.name);
}

/**
 * What of a form the desk has now: this; or, where this is refused as of an older revision, what was sent before and had no answer. Where that
 * has made the revision that there is, this is a quarrel with oneself, and nothing to tell.
 */
function keptOf(form, body, { answer: { ok, status }, page }) {
  if (ok) {
    unanswered.delete(formName(form));
    return { kept: body, isFine: true };
  }
  const kept = status === STALE ? takeUnanswered(form, page, body) : undefined;
  const isNext = status === STALE && Number(body.get('revision')) + 1 === Number(seen.revision);
  const isFine = isNext && (kept !== undefined || hasUnanswered(page));
  if (isFine) for (const place of ['[data-live-region]', '[data-aside]']) page.querySelector(place).replaceChildren();
  return { kept, isFine };
}

/** On a page that shows what there is; but for `echoed`, a form that shows what was refused of it. */
function recognise(page, echoed) {
  for (const name of [...unanswered.keys()].filter((one) => one !== echoed)) {
    const form = formOf(name);
    const kept = takeUnanswered(form, page);
    if (kept && form === texts()) keepAsTexts(kept);
    else if (kept) settled(form, kept);
  }
}

/** Is anything there that was sent and had no answer? */
function hasUnanswered(page) {
  return [...unanswered].some(([name, sent]) => sent.some((one) => isThere(one, formOf(name), page)));
}

/** What was sent of a form, had no answer, and is there all the same. `again`: the same, sent once more. */
function takeUnanswered(form, page, again) {
  const before = unanswered.get(formName(form)) ?? [];
  const all = again && before.length > 0 ? [again, ...before] : before;
  const kept = all.find((one) => isThere(one, form, page));
  if (kept) unanswered.delete(formName(form));
  return kept;
}

/** Nobody else has changed the texts meanwhile. */
function sameTexts(page) {
  const [mine, theirs] = [texts(), page.querySelector('#texts')].map((form) =>
    textControls(form)
      .map(({ defaultValue }) => defaultValue.trim())
      .join('\0'),
  );
  return mine === theirs;
}

const isSavedByItself = (form) => form.hasAttribute('data-autosave') && !held.has(formName(form));

function saveWordsSoon(form, afterMs = SAVE_AFTER_MS) {
  const name = formName(form);
  clearTimeout(waiting.get(name));
  waiting.delete(name);
  if (isSavedByItself(form))
    waiting.set(
      name,
      setTimeout(() => saveWords(name), afterMs),
    );
}

/** A piece's words as they are by then. Until they are answered they are among those that go out with the page. */
export function saveWords(name, { isAuto = true } = {}) {
  clearTimeout(waiting.get(name));
  const form = () => formOf(name);
  if (!form()?.checkValidity()) return void waiting.delete(name);
  waiting.set(name, undefined);
  queue({
    address: form().getAttribute('action'),
    saves: name,
    isUnasked: isAuto,
    pressed: isAuto ? undefined : new FormData(form()),
    prepare() {
      // Somebody else's words have come meanwhile.
      if (held.has(name) && !isAuto) skip();
      if (!form() || held.has(name) || (isAuto && !isTypedIn(form()))) return undefined;
      return ofRevision(new FormData(form()), seen.revision, isAuto);
    },
    settle(body, answer, page) {
      const { kept, isFine } = keptOf(form(), body, { answer, page });
      if (kept) settled(form(), kept);
      // Somebody else changed the edition: where it was not these words, they are of what there is by now.
      const isToGoOn = kept !== body && answer.status === STALE && form() && isSame(form(), page);
      return { isFine, after: () => isToGoOn && form() && saveWordsSoon(form()) };
    },
    lost(body) {
      noteUnanswered(form(), body);
      if (form()) saveWordsSoon(form(), AGAIN_MS);
    },
    // Where the door was shut, they wait until it is open again.
    end: () => hasReached() && waiting.get(name) === undefined && waiting.delete(name),
  });
}

/** A form goes by its button: what else is typed goes before it. */
export function saveBefore(form) {
  const name = formName(form);
  clearTimeout(waiting.get(name));
  waiting.delete(name);
  held.delete(name);
  if (form === texts()) clearTimeout(saving);
  saveAll({ but: form });
}

function saveAll({ but } = {}) {
  for (const name of waiting.keys()) saveWords(name);
  if (but !== texts() && isUnsaved() && isAutosaved()) saveTexts({ isAuto: true });
}

/** A page has come for what was sent. True where the texts stay as they are typed. */
export function takesTexts(page, { answer, isTexts, saves, done }) {
  const own = isTexts ? formName(texts()) : (saves ?? done);
  recognise(page, answer.ok || answer.status === STALE ? undefined : own);
  const keepsTexts = isUnsaved() || (isTexts && answer.ok);
  if ((isTexts && answer.ok) || !keepsTexts || sameTexts(page)) begun = seen.revision;
  // What was refused for itself comes back as it was sent.
  hold(page, answer.status === STALE ? undefined : (saves ?? done));
  return keepsTexts;
}

/** Words that somebody else has written over meanwhile wait for their button. `answered`: what the page is the answer to. */
function hold(page, answered) {
  for (const form of document.querySelectorAll('form[data-autosave]:not(#texts)')) {
    const name = formName(form);
    const isAtHand = isTypedIn(form) || form.contains(document.activeElement);
    if (name === answered || !isAtHand || isSame(form, page)) continue;
    clearTimeout(waiting.get(name));
    waiting.delete(name);
    if (isTypedIn(form)) held.add(name);
  }
}

/** The words of texts that the page which has come has no place for: nobody writes at it any more. */
export function homelessTexts(page) {
  if (!texts() || page.querySelector('#texts') || !isUnsaved()) return [];
  saved = typed;
  return textControls(texts())
    .filter(isOverwritten)
    .map(({ value }) => value);
}

/** What is typed is saved and seen, on the page that is there by now. */
export function goOn() {
  for (const name of held) if (!formOf(name) || !isTypedIn(formOf(name))) held.delete(name);
  if (isUnsaved()) saveSoon();
  if (isUnsaved() || hasDraft()) drawSoon();
}

/** What was typed over a slow line, before this was here. */
function catchUp() {
  if (textControls(texts()).some(isOverwritten)) noteTyped(texts());
  for (const form of document.querySelectorAll('form[data-autosave]:not(#texts)'))
    if (isTypedIn(form)) saveWordsSoon(form);
  goOn();
}

/** Somebody has signed in again elsewhere, or the line is back. */
for (const event of ['focus', 'online']) window.addEventListener(event, () => hasReached() || saveAll());

/** The form that can go out with the page: one, for each is of a revision of its own. */
function lastForm() {
  if (isUnsaved() && isAutosaved() && texts().checkValidity()) return texts();
  return [...waiting.keys()].map(formOf).find((form) => form?.checkValidity() && isTypedIn(form));
}

const fieldsOf = (form) =>
  new URLSearchParams(ofRevision(new FormData(form), form === texts() ? begun : seen.revision, true));

/** It would be taken: nothing is on its way that makes another revision, nor has anybody else made one. */
function isSafe(form) {
  const isCurrent = hasReached() && !isWaiting() && !isBehind();
  return isCurrent && fieldsOf(form).toString().length < BEACON_BYTES;
}

window.addEventListener('pagehide', () => {
  const form = lastForm();
  if (form) navigator.sendBeacon(form.getAttribute('action'), fieldsOf(form));
});

// What is not saved by itself is not lost by a click; nor is what stands on the page alone.
window.addEventListener('beforeunload', (event) => {
  const form = lastForm();
  const safe = form && isSafe(form) ? form : undefined;
  const isLost = (isUnsaved() && safe !== texts()) || hasWords((one) => one === safe);
  if (isLost || document.querySelector('[data-aside]')?.childElementCount > 0) event.preventDefault();
});

/** Goes elsewhere when all is saved that saves itself, or cannot be. */
async function leave(go) {
  const until = performance.now() + MOST_MS;
  while (lastForm() && hasReached() && performance.now() < until) {
    saveAll();
    await Promise.race([answered(), new Promise((resolve) => setTimeout(resolve, until - performance.now()))]);
  }
  go();
}

function clicked(event) {
  const link = event.target.closest?.('a[href]');
  const isElsewhere = event.metaKey || event.ctrlKey || event.shiftKey || event.defaultPrevented;
  if (!link || link.target || isElsewhere || link.origin !== location.origin || !lastForm()) return;
  if (link.pathname === location.pathname && link.search === location.search && link.hash) return;
  event.preventDefault();
  void leave(() => location.assign(link.href));
}

let going;
function submitted(event) {
  const { target: form, submitter } = event;
  const isGoing = form === going;
  going = undefined;
  if (event.defaultPrevented || isGoing || !lastForm()) return;
  event.preventDefault();
  void leave(() => {
    going = form;
    form.requestSubmit(submitter);
  });
}

/** To be called when all else that listens for clicks and submits does: what these take for themselves does not leave the page. */
export function watchLeaving() {
  document.addEventListener('click', clicked);
  document.addEventListener('submit', submitted);
}

catchUp();
