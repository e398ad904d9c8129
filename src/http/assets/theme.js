// A theme's page: what is typed is kept and seen a moment later, what is wrong stands beside it, and the lines of a template are numbered.
import { load, post, refused, swap, tell } from './page.js';
import { isOverwritten } from './typing.js';

const SAVE_AFTER_MS = 500;
/** What an act is answered that was of something else than there is (RFC 9110 15.5.13). */
const STALE = 412;
const NOT_KEPT =
  'What you have typed over somebody else’s change is not kept yet: press Keep beside it, or load the page to see theirs.';
/** What is typed and not sent yet: each form with its timer. */
const waiting = new Map();
let last = Promise.resolve();
let sending = 0;
/** Forms of which the desk did not take what stands in them now. */
const notKept = new Set();
/** Of what somebody else has changed meanwhile: only a button puts it over theirs. */
const held = new Set();
/** What was sent and had no answer: the desk may have it all the same. */
const unanswered = new Map();
/** A form that is sent at last. */
let going;

function saveSoon(form) {
  if (held.has(form)) return;
  clearTimeout(waiting.get(form));
  waiting.set(
    form,
    setTimeout(() => save(form), SAVE_AFTER_MS),
  );
}

/** Saves wait for each other: a template's form says what of it was there before. */
function save(form) {
  clearTimeout(waiting.get(form));
  waiting.delete(form);
  sending++;
  last = last.then(() => saveNow(form));
}

async function saveNow(form) {
  const isKept = await send(form).catch(() => {
    tell('No answer came from the desk, and nothing of it is lost here. Type on, or press Keep.');
    return false;
  });
  sending--;
  if (isKept) {
    notKept.delete(form);
    return;
  }
  notKept.add(form);
  // Its own button is the way on, with what the desk says then.
  if (!waiting.has(form)) waiting.set(form, undefined);
}

/** True where it is kept. */
async function send(form) {
  if (unanswered.has(form)) await catchUp(form);
  const body = new FormData(form);
  unanswered.set(form, [...(unanswered.get(form) ?? []), body]);
  const { answer, page } = await post(form.action, body);
  if (page.querySelector('[data-preview]') === null) {
    refused(answer, page);
    return false;
  }
  unanswered.delete(form);
  for (const part of ['told', 'problems', 'contrast', 'use']) put(part, page);
  const isStale = answer.status === STALE;
  if (isStale) held.add(form);
  if (!answer.ok && !isStale) return false;
  see(form, page);
  if (isStale) return false;
  follow();
  return true;
}

/** Where the desk has what was sent and had no answer, what is typed since is of that. */
async function catchUp(form) {
  const page = await load(location.href);
  const theirs = page.querySelector(`form[data-live][action="${form.getAttribute('action')}"]`);
  const isIt = (body) =>
    [...body].every(
      ([name, value]) => ['_csrf', 'seen'].includes(name) || theirs?.elements[name]?.value.trim() === value.trim(),
    );
  if (unanswered.get(form).some(isIt)) see(form, page);
}

/** What a form says that there was before it. */
function see(form, page) {
  for (const hidden of form.querySelectorAll('[data-seen]'))
    hidden.value = page.querySelector(`[data-seen="${hidden.dataset.seen}"]`)?.value ?? hidden.value;
}

/** What somebody is typing in stays as it is. */
function put(part, page) {
  const [old, fresh] = [document, page].map((where) => where.querySelector(`[data-part="${part}"]`));
  if (!old || !fresh || old.contains(document.activeElement)) return;
  const [from, to] = [old, fresh].map((where) => where.querySelector('input[name="change"]'));
  if (from && to) to.value = from.value;
  // A region that is said aloud stays, with other words.
  if (old.hasAttribute('data-live-region')) old.replaceChildren(...fresh.childNodes);
  else old.replaceWith(fresh);
}

/** A form that was put in place anew meanwhile has a twin. */
function goOn(form, submitter) {
  going = form.isConnected ? form : document.querySelector(`form[action="${form.getAttribute('action')}"]`);
  going?.requestSubmit(form.isConnected ? submitter : undefined);
}

// What goes to another page takes along what is typed: first that is saved, then the form is sent.
document.addEventListener('submit', (event) => {
  const { target: form, submitter } = event;
  if (going === form) {
    going = undefined;
    return;
  }
  clearTimeout(waiting.get(form));
  waiting.delete(form);
  notKept.delete(form);
  held.delete(form);
  if (/\/(discard|restore)$/.test(new URL(form.action).pathname)) notKept.clear();
  for (const other of waiting.keys()) if (!held.has(other)) save(other);
  // What is put in use or tried is what stands here; whatever else one wants, such as to throw it away, is not kept from one.
  const wantsAll = /\/(use|trial)$/.test(new URL(form.action).pathname);
  if (unanswered.has(form)) queueCatchUp(form);
  if (sending === 0 && !(wantsAll && notKept.size > 0)) return;
  event.preventDefault();
  const isHeldBack = () => wantsAll && notKept.size > 0;
  void last.then(() => (isHeldBack() ? tellNotKept() : goOn(form, submitter)));
});

function queueCatchUp(form) {
  sending++;
  last = last
    .then(() => catchUp(form))
    .catch(() => {})
    .finally(() => sending--);
}

/** A fault stands beside what has it already; what somebody else has changed stands nowhere. */
function tellNotKept() {
  if (held.size > 0) tell(NOT_KEPT);
}

window.addEventListener('pagehide', () => {
  for (const form of waiting.keys())
    if (!held.has(form)) navigator.sendBeacon(form.action, new URLSearchParams(new FormData(form)));
});

// What the desk did not take, or has not answered yet, is not lost by a click.
window.addEventListener('beforeunload', (event) => {
  if (going === undefined && (sending > 0 || notKept.size > 0)) event.preventDefault();
});

/** Somebody has signed in again elsewhere, or the line is back. */
for (const kind of ['focus', 'online'])
  window.addEventListener(kind, () => {
    for (const form of notKept) if (!held.has(form)) save(form);
  });

/** What was typed over a slow line, before this was here. */
for (const form of document.querySelectorAll('form[data-live]'))
  if ([...form.elements].some((field) => 'defaultValue' in field && isOverwritten(field))) saveSoon(form);

/** The preview as it is by now. */
function follow() {
  const frame = document.querySelector('[data-preview] iframe:not(.coming)');
  if (!frame) return;
  const source = new URL(frame.src);
  source.searchParams.set('r', String(Date.now()));
  swap(frame, (next) => next.setAttribute('src', source.href));
}

document.addEventListener('input', ({ target }) => {
  const form = target.closest?.('form[data-live]');
  const twin = target.dataset?.twin && form?.elements.namedItem(target.dataset.twin);
  if (twin && /^#[0-9a-f]{6}$/i.test(target.value)) twin.value = target.value;
  if (form?.checkValidity()) saveSoon(form);
});

// Tab writes a tab's worth of spaces nowhere: it goes on to the next field, as everywhere. Lines are numbered beside the text.
const editor = document.querySelector('[data-editor]');
const gutter = document.querySelector('[data-gutter]');

function number() {
  const lines = editor.value.split('\n').length;
  if (gutter.childElementCount !== lines)
    gutter.replaceChildren(
      ...Array.from({ length: lines }, (_, at) =>
        Object.assign(document.createElement('span'), { textContent: String(at + 1) }),
      ),
    );
  gutter.scrollTop = editor.scrollTop;
}

/** The line of a problem, marked in the text. */
function goTo(line) {
  const before =
    editor.value
      .split('\n')
      .slice(0, line - 1)
      .join('\n').length + (line > 1 ? 1 : 0);
  const end = editor.value.indexOf('\n', before);
  editor.focus();
  editor.setSelectionRange(before, end === -1 ? editor.value.length : end);
  editor.scrollTop = Math.max(0, (line - 5) * Number.parseFloat(getComputedStyle(editor).lineHeight));
}

if (editor && gutter) {
  gutter.hidden = false;
  number();
  editor.addEventListener('input', number);
  editor.addEventListener('scroll', () => (gutter.scrollTop = editor.scrollTop));
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('a[data-line]');
    if (!link || link.dataset.file !== editor.dataset.editor) return;
    event.preventDefault();
    goTo(Number(link.dataset.line));
  });
  if (location.hash.startsWith('#line-')) goTo(Number(location.hash.slice(6)));
}
