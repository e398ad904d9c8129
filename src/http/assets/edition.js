// An edition's page without its reloading: forms are sent and the page is put in place of itself, pieces are dragged, what is typed is saved,
// and the preview follows. Without script every one of these is a form.
const desk = () => document.querySelector('[data-edition]');
const texts = () => document.querySelector('#texts');
const id = desk()?.dataset.edition;
const SAVE_AFTER_MS = 1200;
/** What the person here has seen: only an answer to an act of their own moves it on. */
let seen = desk()?.dataset.revision;
let state = desk()?.dataset.state;
let dirty = false;
let saving;
/** Acts wait for each other. Where one is refused, those that were meant for what was there before are not sent. */
let last = Promise.resolve();
let epoch = 0;

function act(form, submitter) {
  clearTimeout(saving);
  const fields = new FormData(form, submitter ?? undefined);
  const address = submitter?.getAttribute('formaction') ?? form.getAttribute('action');
  // What was typed and not saved comes first, unless it is that.
  if (dirty && form !== texts()) save();
  if (form === texts()) dirty = false;
  queue({ address, fields, form });
}

function save() {
  const form = texts();
  if (!form || !form.checkValidity()) return;
  dirty = false;
  queue({ address: form.getAttribute('action'), fields: new FormData(form), form, isAuto: true });
}

function queue(one) {
  const mine = epoch;
  last = last
    .then(() => (mine === epoch ? sendNow(one) : undefined))
    .catch(() => {
      epoch++;
      dirty ||= one.form === texts();
      tell('This did not reach the desk, and nothing of it is lost here. Try once more.');
    });
}

async function sendNow({ address, fields, form, isAuto = false }) {
  if (fields.has('revision')) fields.set('revision', seen);
  const answer = await fetch(withView(address), {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers: { accept: 'text/html' },
  });
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const fresh = page.querySelector('[data-edition]');
  if (!answer.ok) epoch++;
  if (fresh === null) return refused(answer, page, form);
  seen = fresh.dataset.revision;
  state = fresh.dataset.state;
  show(page, { done: answer.ok ? form.getAttribute('action') : undefined, keepsTexts: dirty || (isAuto && answer.ok) });
}

/** Another page than the edition's, such as the door: one stays here, with all that was typed. */
function refused(answer, page, form) {
  dirty ||= form === texts();
  const isOut = answer.status === 401 || new URL(answer.url).pathname === '/sign-in';
  const words = page.querySelector('main p')?.textContent.trim();
  const box = tell(
    isOut ? 'You are signed out. What you have typed is still here.' : words || 'The desk refused this.',
  );
  if (!isOut) return;
  box.append(
    Object.assign(document.createElement('a'), {
      href: '/sign-in',
      target: '_blank',
      textContent: 'Sign in, in another tab',
    }),
  );
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
  for (const details of page.querySelectorAll('main details')) details.open = open.has(detailsName(details));
  if (mine) page.querySelector('#texts')?.replaceWith(mine);
  for (const part of PARTS) put(part, page.querySelector(part));
  desk().dataset.revision = seen;
  for (const { name, control } of typed) if (!done || !name.startsWith(`${done} `)) retype(name, control);
  document.querySelector('[data-live-region]').replaceChildren(...page.querySelector('[data-live-region]').childNodes);
  follow(page.querySelector('[data-part="preview"] iframe').getAttribute('src'));
  comeBack();
  document.dispatchEvent(new Event('shown'));
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

function isTyped(control) {
  if (control.type === 'hidden' || control.closest('#texts')) return false;
  if (control.type === 'checkbox' || control.type === 'radio') return control.checked !== control.defaultChecked;
  if (control.tagName === 'SELECT')
    return [...control.options].some((option) => option.selected !== option.defaultSelected);
  return control.value !== control.defaultValue;
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

/** The new preview comes in the place of the old one when it is there. */
function follow(source) {
  const frame = document.querySelector('[data-part="preview"] iframe:not(.coming)');
  if (!frame || frame.getAttribute('src') === source) return;
  for (const late of document.querySelectorAll('iframe.coming')) late.remove();
  const next = frame.cloneNode();
  next.classList.add('coming');
  next.addEventListener('load', () => {
    frame.remove();
    next.classList.remove('coming');
  });
  next.setAttribute('src', source);
  frame.after(next);
}

function tell(text) {
  const box = document.createElement('div');
  box.className = 'told warn';
  box.append(Object.assign(document.createElement('p'), { textContent: text }));
  document.querySelector('[data-live-region]')?.replaceChildren(box);
  return box;
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
  const form = target.closest?.('#texts');
  if (!form) return;
  const hint = document.querySelector(`[data-hint="${target.name}"]`);
  const limit = Number(target.dataset.limit);
  if (hint) {
    const length = [...target.value].length;
    hint.textContent = `${length} characters${length > limit ? `; a phone shows about ${limit}` : ''}`;
  }
  const line = { subject: 1, preheader: 2 }[target.name];
  if (line) document.querySelectorAll('.inboxline .line')[line].textContent = target.value;
  dirty = true;
  clearTimeout(saving);
  // An approval is withdrawn by a change: of what is approved, by its button alone.
  if (form.hasAttribute('data-autosave'))
    saving = setTimeout(() => (event.isComposing ? undefined : save()), SAVE_AFTER_MS);
});

window.addEventListener('pagehide', () => {
  const form = texts();
  if (!dirty || !form?.hasAttribute('data-autosave') || !form.checkValidity()) return;
  const fields = new FormData(form);
  fields.set('revision', seen);
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
document.addEventListener('standing', ({ detail: now }) => void last.then(() => notice(now)).catch(() => {}));

function notice(now) {
  if (now.problem || (now.revision === Number(seen) && now.state === state)) return;
  // An answer to an act of one's own is on its way.
  if (now.revision < Number(seen)) return;
  const words =
    now.revision === Number(seen)
      ? `It is ${now.stateText} now.`
      : `${now.madeBy} has changed it meanwhile: it is at revision ${now.revision}.`;
  if (document.querySelector('[data-live-region]')?.textContent.includes(words)) return;
  const box = tell(words);
  box.append(Object.assign(document.createElement('a'), { href: `/editions/${id}`, textContent: 'Load it' }));
}
