// An edition's page without its reloading: forms are sent and the page is put in place of itself, pieces are dragged, what is typed is saved,
// and the preview follows. Without script every one of these is a form.
import './moving.js';
import { HTML, parse, refused, tell } from './page.js';
import { listen, sayOthers } from './standing.js';
import { drawSoon, follow, hasDraft, texts } from './preview.js';
import {
  formName,
  formOf,
  hasWords,
  isSame,
  isTypedIn,
  keepForm,
  nameOf,
  retype,
  settled,
  typedNow,
} from './typing.js';

const desk = () => document.querySelector('[data-edition]');
const id = desk()?.dataset.edition;
const SAVE_AFTER_MS = 1200;
/** What an act is answered that was of another revision (RFC 9110 15.5.13). */
const STALE = 412;
/** What the person here has seen: only an answer to an act of their own moves it on. */
let seen = desk()?.dataset.revision;
let state = desk()?.dataset.state;
/** The revision that the texts on the page were begun from: a save of them is of it, whatever else has been seen since. */
let begun = seen;
/** How often something was typed into the texts, and up to which time of these it is saved. */
let typed = 0;
let saved = 0;
/** Up to which time they were refused: they are not sent by themselves as they are. */
let refusedAt = -1;
let saving;
/** Forms of pieces' words that are saved by themselves in a moment; and those that wait for their button, for somebody else wrote there. */
const waiting = new Map();
const held = new Set();
/** Acts wait for each other. Where one is refused, those that were meant for what was there before are not sent. */
let last = Promise.resolve();
let epoch = 0;

function act(form, submitter) {
  clearTimeout(saving);
  const name = formName(form);
  clearTimeout(waiting.get(name));
  waiting.delete(name);
  held.delete(name);
  // What was typed and not saved comes first, where it is saved by itself.
  for (const other of waiting.keys()) saveWords(other);
  if (form === texts()) return save({ isAuto: false });
  if (isUnsaved() && isAutosaved()) save({ isAuto: true });
  const body = new FormData(form, submitter ?? undefined);
  queue({
    address: submitter?.getAttribute('formaction') ?? form.getAttribute('action'),
    done: name,
    prepare: () => ofRevision(body, seen),
  });
}

/** `isAuto`: nobody pressed a button for it. */
function ofRevision(body, revision, isAuto = false) {
  if (body.has('revision')) body.set('revision', revision);
  if (isAuto) body.set('unasked', 'yes');
  return body;
}

const isUnsaved = () => typed !== saved;
/** An approval is withdrawn by a change: of what is approved, by its button alone. */
const isAutosaved = () => texts()?.hasAttribute('data-autosave') === true && typed !== refusedAt;

/** The texts as they are by then, of the revision that they were begun from. */
function save({ isAuto }) {
  if (!texts()?.checkValidity()) return;
  let upTo;
  queue({
    address: texts().getAttribute('action'),
    isTexts: true,
    prepare() {
      upTo = typed;
      return isAuto && upTo === saved ? undefined : ofRevision(new FormData(texts()), begun, isAuto);
    },
    settle: (body, answer, page) => settleTexts(body, upTo, { answer, page }),
  });
}

function saveSoon() {
  clearTimeout(saving);
  if (isAutosaved()) saving = setTimeout(() => save({ isAuto: true }), SAVE_AFTER_MS);
}

const isSavedByItself = (form) => form.hasAttribute('data-autosave') && !held.has(formName(form));

function saveWordsSoon(form) {
  const name = formName(form);
  clearTimeout(waiting.get(name));
  waiting.delete(name);
  if (isSavedByItself(form))
    waiting.set(
      name,
      setTimeout(() => saveWords(name), SAVE_AFTER_MS),
    );
}

/** A piece's words as they are by then. Until they are answered they are among those that go out with the page. */
function saveWords(name) {
  clearTimeout(waiting.get(name));
  const form = () => formOf(name);
  if (!form()?.checkValidity()) return void waiting.delete(name);
  waiting.set(name, undefined);
  queue({
    address: form().getAttribute('action'),
    saves: name,
    prepare: () => (form() && isTypedIn(form()) ? ofRevision(new FormData(form()), seen, true) : undefined),
    settle(body, { ok, status }, page) {
      if (ok) settled(form(), body);
      // Somebody else changed the edition: where it was not these words, they are of what there is by now.
      return status === STALE && isSame(form(), page) ? () => saveWordsSoon(form()) : undefined;
    },
    end: () => waiting.get(name) === undefined && waiting.delete(name),
  });
}

function queue(one) {
  const mine = epoch;
  last = last
    .then(() => (mine === epoch ? sendNow(one) : undefined))
    .catch(() => {
      epoch++;
      tell('This did not reach the desk, and nothing of it is lost here. Try once more.');
    })
    .then(() => one.end?.());
}

/** `prepare` says what is sent, if anything is; `settle` sees what was answered before the page does, and may have something to do after it. */
async function sendNow({ address, prepare, settle, isTexts = false, saves, done }) {
  const body = prepare();
  if (!body) return;
  const answer = await fetch(withView(address), { method: 'POST', body: new URLSearchParams(body), headers: HTML });
  const page = await parse(answer);
  if (!answer.ok) epoch++;
  if (page.querySelector('[data-edition]') === null) return refused(answer, page);
  const after = settle?.(body, answer, page);
  arrive(page, { answer, isTexts, saves, done });
  after?.();
}

/** `isTexts`, `saves`: it is the answer to a save of the texts, or of the words that go by that name. */
function arrive(page, { answer, isTexts, saves, done }) {
  const { ok } = answer;
  ({ revision: seen, state } = page.querySelector('[data-edition]').dataset);
  const keepsTexts = isUnsaved() || (isTexts && ok);
  if ((isTexts && ok) || !keepsTexts || sameTexts(page)) begun = seen;
  // What was refused for itself comes back as it was sent.
  hold(page, answer.status === STALE ? undefined : (saves ?? done));
  show(page, { done: ok ? done : undefined, keepsTexts, isEcho: !ok && answer.status !== STALE });
  if (isUnsaved()) saveSoon();
  if (isUnsaved() || hasDraft()) drawSoon();
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

const TEXTS = ['subject', 'preheader', 'note'];
const textControls = (form = texts()) => (form ? TEXTS.map((name) => form.elements.namedItem(name)) : []);

/** What is saved is what the texts are from now on. What is refused stands in them still, or where they were changed meanwhile beside them. */
function settleTexts(body, upTo, { answer: { ok, status }, page }) {
  if (ok || (status === STALE && !sameTexts(page))) saved = upTo;
  else if (status !== STALE) refusedAt = upTo;
  if (ok) for (const control of textControls()) control.defaultValue = body.get(control.name);
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

/** The preview stays as it is chosen. */
function withView(address) {
  const url = new URL(address, location.href);
  const here = new URLSearchParams(location.search);
  for (const name of ['view', 'as']) if (here.get(name)) url.searchParams.set(name, here.get(name));
  return url;
}

const PARTS = [
  '.head',
  '.about',
  '.writing',
  '[data-part="next"]',
  '[data-part="findings"]',
  '[data-part="ledger"]',
  '[data-part="reviews"]',
];

/** `done`: whose form is done with; what was typed into the others is typed still. `isEcho`: it shows what was refused. */
function show(page, { done, keepsTexts, isEcho = false }) {
  const typedWords = typedNow(done);
  const open = new Set([...document.querySelectorAll('main details[open]')].map(detailsName));
  const comeBack = placeNow();
  const mine = keepsTexts ? texts() : null;
  const writing =
    document.activeElement.matches('input, textarea') && document.activeElement.closest('main form:not(#texts)');
  const stay = stayAt(document.activeElement);
  for (const details of page.querySelectorAll('main details')) details.open ||= open.has(detailsName(details));
  if (mine) keep(mine, page.querySelector('#texts'));
  for (const part of PARTS) put(part, page.querySelector(part));
  if (writing && formName(writing) !== done) keepForm(writing, { isEcho });
  desk().dataset.revision = seen;
  desk().dataset.state = state;
  const homeless = retype(typedWords);
  document.querySelector('[data-live-region]').replaceChildren(...page.querySelector('[data-live-region]').childNodes);
  if (homeless.length > 0) tellHomeless(homeless);
  follow(page.querySelector('[data-part="preview"] iframe').getAttribute('src'));
  comeBack();
  stay();
  sayOthers();
  document.dispatchEvent(new Event('shown'));
}

/** Beside whatever else is said. */
function tellHomeless(words) {
  const box = Object.assign(document.createElement('div'), { className: 'told warn' });
  const said = ['What you were writing in is not there any more. You wrote:', ...words];
  box.append(...said.map((text) => Object.assign(document.createElement('p'), { textContent: text })));
  document.querySelector('[data-live-region]').append(box);
}

/** Texts as they are typed, in the place of those that came, and saved by themselves where those are. */
function keep(mine, theirs) {
  if (!theirs) return;
  mine.toggleAttribute('data-autosave', theirs.hasAttribute('data-autosave'));
  theirs.replaceWith(mine);
}

/** What comes above must not push away the line that somebody is typing. */
function stayAt(control) {
  const isLine = control.matches?.('input, textarea');
  const before = control.getBoundingClientRect().top;
  return () => {
    const moved = isLine && control.isConnected ? control.getBoundingClientRect().top - before : 0;
    if (moved !== 0) window.scrollBy({ top: moved, behavior: 'instant' });
  };
}

/** Where one is, and the way back there: to the same control, or else to the piece that it was of. */
function placeNow() {
  const focused = document.activeElement;
  const [id, name, item] = [focused.id, nameOf(focused), focused.closest('.piece')?.id];
  const isIn = focused.closest('main') !== null;
  return () => {
    if (!isIn) return;
    const all = [...document.querySelectorAll('main :is(input, textarea, select, button)')];
    const same = (id && document.getElementById(id)) || all.find((one) => nameOf(one) === name);
    const target = !same || same.disabled ? document.getElementById(item) : same;
    if (target && target !== document.activeElement) target.focus({ preventScroll: true });
  };
}

function put(part, fresh) {
  const old = document.querySelector(part);
  if (old && fresh) old.replaceWith(fresh);
  else if (old) old.remove();
  else if (fresh) document.querySelector('[data-part="findings"]')?.after(fresh);
}

function detailsName(details) {
  const piece = details.closest('.piece')?.id ?? details.closest('section')?.getAttribute('aria-labelledby');
  return `${piece} ${details.querySelector('summary')?.textContent.slice(0, 12)}`;
}

document.addEventListener('submit', (event) => {
  const { target: form, submitter } = event;
  const address = new URL(submitter?.getAttribute('formaction') ?? form.getAttribute('action') ?? '', location.href);
  // It goes to another edition's page.
  if (form.hasAttribute('data-leaves')) return;
  if (!id || form.method !== 'post' || !address.pathname.startsWith(`/editions/${id}/`)) return;
  event.preventDefault();
  act(form, submitter);
});

document.addEventListener('input', (event) => {
  const { target } = event;
  const form = target.closest?.('form');
  if (form?.matches('[action$="/write"], [action$="/block"]')) drawSoon();
  if (form?.id !== 'texts') return form && typedWords(form, event);
  const hint = document.querySelector(`[data-hint="${target.name}"]`);
  const limit = Number(target.dataset.limit);
  if (hint) {
    const length = [...target.value].length;
    hint.textContent = `${length} characters${length > limit ? `; a phone shows about ${limit}` : ''}`;
  }
  const line = { subject: 1, preheader: 2 }[target.name];
  if (line) document.querySelectorAll('.inboxline .line')[line].textContent = target.value;
  typed++;
  drawSoon();
  if (event.isComposing) clearTimeout(saving);
  else saveSoon();
});
function typedWords(form, { isComposing }) {
  if (isComposing) clearTimeout(waiting.get(formName(form)));
  else saveWordsSoon(form);
}

document.addEventListener('compositionend', ({ target }) => {
  const form = target.closest?.('form');
  if (form?.id === 'texts') saveSoon();
  else if (form) saveWordsSoon(form);
});

/** What goes out with the page: one form, for each is of a revision of its own. */
function lastForm() {
  if (isUnsaved() && isAutosaved() && texts().checkValidity()) return texts();
  return [...waiting.keys()].map(formOf).find((form) => form?.checkValidity() && isTypedIn(form));
}

window.addEventListener('pagehide', () => {
  const form = lastForm();
  if (form) sendLast(form, form === texts() ? begun : seen);
});

function sendLast(form, revision) {
  const fields = ofRevision(new FormData(form), revision, true);
  navigator.sendBeacon(form.getAttribute('action'), new URLSearchParams(fields));
}

// What is not saved by itself is not lost by a click.
window.addEventListener('beforeunload', (event) => {
  const safe = lastForm();
  if ((isUnsaved() && safe !== texts()) || hasWords((form) => form === safe)) event.preventDefault();
});

// What was typed over a slow line, before this was here.
if (textControls().some(({ value, defaultValue }) => value !== defaultValue)) {
  typed++;
  saveSoon();
}
for (const form of document.querySelectorAll('form[data-autosave]:not(#texts)'))
  if (isTypedIn(form)) saveWordsSoon(form);
if (isUnsaved() || hasDraft()) drawSoon();

listen({
  /** What this page shows. */
  standing: () => ({ revision: Number(seen), state }),
  answered: () => last,
  hasWords: () => isUnsaved() || hasWords(() => false),
  load: async () =>
    parse(await fetch(withView(`/editions/${id}`), { headers: HTML, signal: AbortSignal.timeout(10_000) })),
  show(page) {
    ({ state } = page.querySelector('[data-edition]').dataset);
    show(page, { keepsTexts: false });
  },
  /** Only that part, with what is typed in it. */
  renew(page, part) {
    const typedWords = typedNow();
    put(part, page.querySelector(part));
    retype(typedWords);
  },
});
