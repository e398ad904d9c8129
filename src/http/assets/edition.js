// An edition's page without its reloading: forms are sent and the page is put in place of itself, pieces are dragged, what is typed is saved,
// and the preview follows. Without script every one of these is a form.
const desk = () => document.querySelector('[data-edition]');
const id = desk()?.dataset.edition;
const SAVE_AFTER_MS = 1200;
const LOOK_EVERY_MS = 5000;
let busy = Promise.resolve();
let saving;

/** One after the other: each sends the revision that the one before has made. */
function send(form, submitter, { isAuto = false } = {}) {
  busy = busy
    .then(() => sendNow(form, submitter, isAuto))
    .catch(() => tell('This did not reach the desk. Try once more.'));
  return busy;
}

async function sendNow(form, submitter, isAuto) {
  const fields = new FormData(form, submitter ?? undefined);
  if (fields.has('revision')) fields.set('revision', desk().dataset.revision);
  const answer = await fetch(withView(submitter?.getAttribute('formaction') ?? form.getAttribute('action')), {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers: { accept: 'text/html' },
  });
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  if (page.querySelector('[data-edition]') === null) return location.assign(answer.url);
  show(page, { isAuto: isAuto && answer.ok });
}

/** The preview stays as it is chosen. */
function withView(address) {
  const url = new URL(address, location.href);
  const here = new URLSearchParams(location.search);
  for (const name of ['view', 'as']) if (here.get(name)) url.searchParams.set(name, here.get(name));
  return url;
}

function show(page, { isAuto }) {
  const focused = document.activeElement?.id;
  const open = new Set([...document.querySelectorAll('details[open]')].map(nameOf));
  const preview = document.querySelector('[data-part="preview"]');
  const typed = isAuto ? document.querySelector('#texts') : null;
  const fresh = page.querySelector('main');
  for (const details of fresh.querySelectorAll('details')) details.open = open.has(nameOf(details));
  const wanted = fresh.querySelector('[data-part="preview"] iframe')?.getAttribute('src');
  // What is being typed into, and the preview, are the very elements that were there.
  if (typed) fresh.querySelector('#texts')?.replaceWith(typed);
  if (preview) fresh.querySelector('[data-part="preview"]')?.replaceWith(preview);
  document.querySelector('main').replaceChildren(...fresh.childNodes);
  if (wanted) follow(wanted);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

function nameOf(details) {
  const piece =
    details.closest('[data-piece]')?.dataset.piece ?? details.closest('section')?.getAttribute('aria-labelledby');
  return `${piece} ${details.querySelector('summary')?.textContent.slice(0, 12)}`;
}

/** The new preview comes in the place of the old one when it is there, and where it was scrolled to. */
function follow(source) {
  const frame = document.querySelector('[data-part="preview"] iframe');
  if (!frame || frame.getAttribute('src') === source) return;
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
  const region = document.querySelector('[data-live-region]');
  const box = document.createElement('div');
  box.className = 'told warn';
  box.append(Object.assign(document.createElement('p'), { textContent: text }));
  region?.replaceChildren(box);
  return box;
}

document.addEventListener('submit', (event) => {
  const { target: form, submitter } = event;
  if (!id || form.method !== 'post' || !new URL(form.action).pathname.startsWith(`/editions/${id}/`)) return;
  event.preventDefault();
  clearTimeout(saving);
  void send(form, submitter);
});

document.addEventListener('input', ({ target }) => {
  const form = target.closest?.('[data-autosave]');
  if (!form) return;
  const hint = document.querySelector(`[data-hint="${target.name}"]`);
  const limit = Number(target.dataset.limit);
  if (hint) {
    const length = [...target.value].length;
    hint.textContent = `${length} characters${length > limit ? `; a phone shows about ${limit}` : ''}`;
  }
  const line = { subject: 1, preheader: 2 }[target.name];
  if (line) document.querySelectorAll('.inboxline .line')[line].textContent = target.value;
  clearTimeout(saving);
  saving = setTimeout(() => form.checkValidity() && send(form, null, { isAuto: true }), SAVE_AFTER_MS);
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
  void send(form);
});

function mark(place) {
  for (const old of document.querySelectorAll('.here')) old.classList.remove('here');
  place?.classList.add('here');
}

// Alt and an arrow move the piece that one is in.
document.addEventListener('keydown', (event) => {
  const way = { ArrowUp: 'up', ArrowDown: 'down' }[event.key];
  const piece = event.altKey && way && event.target.closest?.('[data-piece]');
  const button = piece && document.getElementById(`${way}-${piece.dataset.piece}`);
  if (!button || button.disabled) return;
  event.preventDefault();
  button.focus();
  button.click();
});

// Somebody else at the same edition.
async function look() {
  const answer = await fetch(`/editions/${id}/figures`, { headers: { accept: 'application/json' } });
  const { revision, madeBy } = await answer.json();
  if (!answer.ok || revision <= Number(desk().dataset.revision)) return;
  const box = tell(`${madeBy} has changed it meanwhile: it is at revision ${revision}.`);
  box.append(Object.assign(document.createElement('a'), { href: location.href, textContent: 'Load it' }));
}

if (id) setInterval(() => void busy.then(look).catch(() => {}), LOOK_EVERY_MS);
