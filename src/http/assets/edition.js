// An edition's page without its reloading: forms are sent and the page is put in place of itself, pieces are dragged, what is typed is saved,
// and the preview follows. Without script every one of these is a form.
import { refused, tell } from './page.js';
import { drawSoon, follow, hasTypedWords, isTyped, texts } from './preview.js';

const desk = () => document.querySelector('[data-edition]');
const id = desk()?.dataset.edition;
const SAVE_AFTER_MS = 1200;
/** What the person here has seen: only an answer to an act of their own moves it on. */
let seen = desk()?.dataset.revision;
let state = desk()?.dataset.state;
/** The revision that the texts on the page were begun from: a save of them is of it, whatever else has been seen since. */
let begun = seen;
/** How often something was typed into the texts, and up to which time of these it is saved. */
let typed = 0;
let saved = 0;
let here = '';
let saving;
/** Acts wait for each other. Where one is refused, those that were meant for what was there before are not sent. */
let last = Promise.resolve();
let epoch = 0;

function act(form, submitter) {
  clearTimeout(saving);
  if (form === texts()) return save({ isAuto: false });
  const address = submitter?.getAttribute('formaction') ?? form.getAttribute('action');
  // What was typed and not saved comes first, where it is saved by itself.
  if (isUnsaved() && isAutosaved()) save({ isAuto: true });
  queue({ address, fields: new FormData(form, submitter ?? undefined), form });
}

const isUnsaved = () => typed !== saved;
/** An approval is withdrawn by a change: of what is approved, by its button alone. */
const isAutosaved = () => texts()?.hasAttribute('data-autosave') === true;

function save({ isAuto }) {
  const form = texts();
  if (form?.checkValidity()) queue({ address: form.getAttribute('action'), isAuto });
}

function saveSoon() {
  clearTimeout(saving);
  if (isAutosaved()) saving = setTimeout(() => save({ isAuto: true }), SAVE_AFTER_MS);
}

function queue(one) {
  const mine = epoch;
  last = last
    .then(() => (mine === epoch ? sendNow(one) : undefined))
    .catch(() => {
      epoch++;
      tell('This did not reach the desk, and nothing of it is lost here. Try once more.');
    });
}

/** Without a form of its own it is the texts, as they are by then. */
async function sendNow({ address, fields, form, isAuto = false }) {
  const upTo = typed;
  if (!form && isAuto && upTo === saved) return;
  const body = fields ?? new FormData(texts());
  if (body.has('revision')) body.set('revision', form ? seen : begun);
  const { answer, page } = await post(address, body);
  if (!answer.ok) epoch++;
  if (page.querySelector('[data-edition]') === null) return refused(answer, page);
  if (!form) settle(body, upTo, answer.ok);
  arrive(page, { ok: answer.ok, isAuto, done: form?.getAttribute('action') });
}

async function post(address, body) {
  const answer = await fetch(withView(address), {
    method: 'POST',
    body: new URLSearchParams(body),
    headers: { accept: 'text/html' },
  });
  return { answer, page: new DOMParser().parseFromString(await answer.text(), 'text/html') };
}

function arrive(page, { ok, isAuto, done }) {
  ({ revision: seen, state } = page.querySelector('[data-edition]').dataset);
  const keepsTexts = isUnsaved() || (isAuto && ok);
  if (ok || !keepsTexts || sameTexts(page)) begun = seen;
  show(page, { done: ok ? done : undefined, keepsTexts });
  if (isUnsaved()) saveSoon();
  if (isUnsaved() || hasTypedWords()) drawSoon();
}

const TEXTS = ['subject', 'preheader', 'note'];

/** What is saved is what the texts are from now on; what is refused is on the page that came, beside what they are by now. */
function settle(body, upTo, ok) {
  saved = upTo;
  if (!ok) return;
  for (const name of TEXTS) texts().elements.namedItem(name).defaultValue = body.get(name);
}

/** Nobody else has changed the texts meanwhile. */
function sameTexts(page) {
  const [mine, theirs] = [texts(), page.querySelector('#texts')].map((form) =>
    TEXTS.map((name) => form?.elements.namedItem(name).defaultValue.trim()).join('\0'),
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

/** `done`: whose form is done with; what was typed into the others is typed still. */
function show(page, { done, keepsTexts }) {
  const typed = controls('input, textarea, select')
    .filter(isTyped)
    .map((control) => ({ name: nameOf(control), control }));
  const open = new Set([...document.querySelectorAll('main details[open]')].map(detailsName));
  const comeBack = placeNow();
  const mine = keepsTexts ? texts() : null;
  const stay = mine ? stayAt(document.activeElement) : () => {};
  for (const details of page.querySelectorAll('main details')) details.open = open.has(detailsName(details));
  if (mine) keep(mine, page.querySelector('#texts'));
  for (const part of PARTS) put(part, page.querySelector(part));
  desk().dataset.revision = seen;
  for (const { name, control } of typed) if (!done || !name.startsWith(`${done} `)) retype(name, control);
  document.querySelector('[data-live-region]').replaceChildren(...page.querySelector('[data-live-region]').childNodes);
  follow(page.querySelector('[data-part="preview"] iframe').getAttribute('src'));
  comeBack();
  stay();
  sayOthers();
  document.dispatchEvent(new Event('shown'));
}

/** Texts as they are typed, in the place of those that came, and saved by themselves where those are. */
function keep(mine, theirs) {
  if (!theirs) return;
  mine.toggleAttribute('data-autosave', theirs.hasAttribute('data-autosave'));
  theirs.replaceWith(mine);
}

/** What comes above must not push away the line that somebody is typing. */
function stayAt(control) {
  const before = control.getBoundingClientRect().top;
  return () => {
    const moved = control.isConnected && control.closest('#texts') ? control.getBoundingClientRect().top - before : 0;
    if (moved !== 0) window.scrollBy({ top: moved, behavior: 'instant' });
  };
}

function controls(of) {
  return [...document.querySelectorAll(`main :is(${of})`)];
}

/** Where one is, and the way back there: to the same control, or else to the piece that it was of. */
function placeNow() {
  const focused = document.activeElement;
  const [id, name, piece] = [focused.id, nameOf(focused), focused.closest('[data-piece]')?.id];
  const isIn = focused.closest('main') !== null;
  return () => {
    if (!isIn) return;
    const same =
      (id && document.getElementById(id)) ||
      controls('input, textarea, select, button').find((one) => nameOf(one) === name);
    const target = !same || same.disabled ? document.getElementById(piece) : same;
    if (target && target !== document.activeElement) target.focus({ preventScroll: true });
  };
}

function put(part, fresh) {
  const old = document.querySelector(part);
  if (old && fresh) old.replaceWith(fresh);
  else if (old) old.remove();
  else if (fresh) document.querySelector('[data-part="findings"]')?.after(fresh);
}

function nameOf(control) {
  const form = control?.closest?.('form')?.getAttribute('action') ?? '';
  return `${form} ${control?.name ?? ''} ${control?.type === 'checkbox' ? control.value : ''}`;
}

function retype(name, control) {
  const fresh = controls('input, textarea, select').find((one) => nameOf(one) === name);
  if (!fresh) return;
  if (control.type === 'checkbox' || control.type === 'radio') fresh.checked = control.checked;
  else fresh.value = control.value;
}

function detailsName(details) {
  const piece =
    details.closest('[data-piece]')?.dataset.piece ?? details.closest('section')?.getAttribute('aria-labelledby');
  return `${piece} ${details.querySelector('summary')?.textContent.slice(0, 12)}`;
}

document.addEventListener('submit', (event) => {
  const { target: form, submitter } = event;
  const address = new URL(submitter?.getAttribute('formaction') ?? form.getAttribute('action') ?? '', location.href);
  if (!id || form.method !== 'post' || !address.pathname.startsWith(`/editions/${id}/`)) return;
  event.preventDefault();
  act(form, submitter);
});

document.addEventListener('input', (event) => {
  const { target } = event;
  if (target.closest?.('form[action$="/write"]')) drawSoon();
  if (!target.closest?.('#texts')) return;
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
document.addEventListener('compositionend', ({ target }) => target.closest?.('#texts') && saveSoon());

window.addEventListener('pagehide', () => {
  const form = texts();
  if (!isUnsaved() || !isAutosaved() || !form.checkValidity()) return;
  const fields = new FormData(form);
  fields.set('revision', begun);
  navigator.sendBeacon(form.getAttribute('action'), new URLSearchParams(fields));
});

// Dragging: onto a piece is before it, onto a section is at its end.
let dragged;
document.addEventListener('dragstart', ({ target, dataTransfer }) => {
  dragged = target.closest?.('[data-piece]');
  if (!dragged) return;
  dataTransfer.effectAllowed = 'move';
  dataTransfer.setData('text/plain', dragged.dataset.piece);
  dragged.classList.add('dragged');
});
document.addEventListener('dragover', (event) => {
  const place = dragged && event.target.closest?.('[data-piece], [data-section]');
  mark(place);
  if (place) event.preventDefault();
});
document.addEventListener('dragend', () => {
  mark();
  dragged?.classList.remove('dragged');
  dragged = undefined;
});
document.addEventListener('drop', (event) => {
  const place = dragged && event.target.closest?.('[data-piece], [data-section]');
  if (!place || place === dragged) return;
  event.preventDefault();
  const section = place.closest('[data-section]');
  const others = [...section.querySelectorAll('[data-piece]')].filter((piece) => piece !== dragged);
  const at = others.indexOf(place);
  const form = dragged.querySelector('form[action$="/move"]').cloneNode(true);
  const fields = { section: section.dataset.section, position: (at === -1 ? others.length : at) + 1 };
  for (const [name, value] of Object.entries(fields))
    form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));
  act(form);
});

function mark(place) {
  for (const old of document.querySelectorAll('.here')) old.classList.remove('here');
  place?.classList.add('here');
}

// Alt and an arrow move the piece that one is in, but for where arrows have another meaning.
document.addEventListener('keydown', (event) => {
  const way = { ArrowUp: 'up', ArrowDown: 'down' }[event.key];
  if (!event.altKey || !way || event.target.matches?.('input, textarea, select')) return;
  const piece = event.target.closest?.('[data-piece]');
  const button = piece && document.getElementById(`${way}-${piece.dataset.piece}`);
  if (!button || button.disabled) return;
  event.preventDefault();
  button.focus();
  button.click();
});

// Somebody else at the same edition, or the clock: what live.js hears.
document.addEventListener('standing', ({ detail: now }) => {
  others(now.viewers ?? []);
  // Between two acts: what an act answers is what was seen by then.
  last = last.then(() => notice(now)).catch(() => {});
});

/** Who else has this edition before them. */
function others(viewers) {
  const names = viewers.filter(({ accountId }) => String(accountId) !== desk()?.dataset.me).map(({ name }) => name);
  here = names.length === 0 ? '' : `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} here, too`;
  sayOthers();
}

function sayOthers() {
  const place = document.querySelector('[data-viewers]');
  if (place && place.textContent !== here) place.textContent = here;
}

async function notice(now) {
  if (now.problem || isSeen(now) || now.revision < Number(seen)) return;
  const isOurs = now.revision === Number(seen);
  const words = isOurs
    ? `It is ${now.stateText} now.`
    : `${now.madeBy} has changed it meanwhile: it is at revision ${now.revision}.`;
  if (document.querySelector('[data-live-region]')?.textContent.includes(words)) return;
  // What was counted before an act of one's own may come after its answer: only the desk knows which of two states is the later one.
  if (isOurs && !(await isStill(now))) return;
  const box = tell(words);
  box.append(Object.assign(document.createElement('a'), { href: `/editions/${id}`, textContent: 'Load it' }));
}

const isSeen = (now) => now.revision === Number(seen) && now.state === state;

async function isStill(now) {
  const answer = await fetch(`/editions/${id}`, {
    headers: { accept: 'text/html' },
    signal: AbortSignal.timeout(5_000),
  });
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const { revision, state: is } = page.querySelector('[data-edition]')?.dataset ?? {};
  return Number(revision) === now.revision && is === now.state;
}
