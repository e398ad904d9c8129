// An edition's page without its reloading: forms are sent and the page is put in place of itself, pieces are dragged, what is typed is saved,
// and the preview follows. Without script every one of these is a form.
import { press, seen, showWith } from './acts.js';
import './moving.js';
import { drawSoon, follow, texts } from './preview.js';
import {
  goOn,
  homelessTexts,
  isUnsaved,
  noteTyped,
  saveBefore,
  saveTexts,
  saveWords,
  STALE,
  takesTexts,
  watchLeaving,
} from './saving.js';
import { listen, sayOthers } from './standing.js';
import {
  bare,
  formName,
  formOf,
  hasWords,
  isTypedIn,
  keepForm,
  nameOf,
  retype,
  settled,
  stands,
  typedNow,
} from './typing.js';

const desk = () => document.querySelector('[data-edition]');
const id = desk()?.dataset.edition;

/** A page has come for what was sent. `isTexts`, `saves`: for a save of the texts, or of the words that go by that name. */
function arrive(page, { answer, done, ...sent }) {
  const { ok, status } = answer;
  const keepsTexts = takesTexts(page, { answer, done, ...sent });
  const keptRefusals = refusalsBeside(page, { done, ...sent });
  show(page, { done: ok ? done : undefined, keepsTexts, keptRefusals, isEcho: !ok && status !== STALE });
  goOn();
}

/** Of which form the refusal is that is told. */
let refused;

/** Why something was refused stays beside what saves itself, until that is mended, or something is pressed. */
function refusalsBeside(page, { isTexts, isUnasked, saves, done }) {
  const name = isTexts ? formName(texts()) : (saves ?? done);
  const isRefused = page.querySelector('[data-live-region] .bad') !== null;
  const stays = isUnasked && !isRefused && name !== refused ? '.bad, .kept' : isUnasked ? '.kept' : undefined;
  if (stays !== '.bad, .kept') refused = isRefused ? name : undefined;
  return stays ? [...document.querySelector('[data-live-region]').children].filter((one) => one.matches(stays)) : [];
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
function show(page, { done, keepsTexts, keptRefusals = [], isEcho = false }) {
  const homelessNow = homelessTexts(page);
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
  if (writing && (formName(writing) !== done || isTypedIn(writing))) keepForm(writing, { isEcho });
  Object.assign(desk().dataset, seen);
  const homeless = [...homelessNow, ...retype(typedWords, { isEcho })];
  tellBeside(page, keptRefusals);
  setAside([...page.querySelectorAll('[data-aside] > *')]);
  setAsideHomeless(homeless);
  follow(page.querySelector('[data-part="preview"] iframe').getAttribute('src'));
  comeBack();
  stay();
  sayOthers();
  document.dispatchEvent(new Event('shown'));
}

/** What stays where it is is not said aloud again. */
function tellBeside(page, kept) {
  const place = document.querySelector('[data-live-region]');
  for (const one of Array.from(place.childNodes)) if (!kept.includes(one)) one.remove();
  place.append(...page.querySelector('[data-live-region]').childNodes);
}

/** Words that stand nowhere else on the page any more stand above it, until whoever wrote them puts them away, or writes them again. */
function setAside(boxes) {
  const place = document.querySelector('[data-aside]');
  for (const box of boxes) {
    if ([...place.children].some((one) => textOf(one) === textOf(box))) continue;
    const button = Object.assign(document.createElement('button'), { type: 'button', className: 'link' });
    button.textContent = 'Put away';
    button.setAttribute('aria-label', `Put away: ${shorten(textOf(box))}`);
    button.addEventListener('click', () => putAway(box));
    box.append(button);
    place.append(box);
  }
  for (const row of place.querySelectorAll('dl > div')) {
    const [name, words] = [row.querySelector('dt'), row.querySelector('dd')].map((one) => one?.textContent);
    if (name && stands(name, words)) row.remove();
  }
  for (const box of Array.from(place.children)) if (box.querySelector('dd') === null) box.remove();
}

const textOf = (box) => [...box.querySelectorAll('dd')].map((one) => one.textContent).join(' ');
const shorten = (text) => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

function putAway(box) {
  box.remove();
  const next = document.querySelector('[data-aside] button') ?? document.querySelector('h1');
  next.tabIndex = next.matches('button') ? 0 : -1;
  next.focus();
}

/** Words that had a place on the page; what was refused of them stands there already. */
function setAsideHomeless(all) {
  const there = new Set([...document.querySelectorAll('[data-aside] dd')].map((one) => bare(one.textContent)));
  const words = all.filter((one) => !there.has(bare(one)));
  if (words.length === 0) return;
  const box = Object.assign(document.createElement('div'), { className: 'told warn' });
  const list = Object.assign(document.createElement('dl'), { className: 'unsaved' });
  list.append(...words.map((text) => Object.assign(document.createElement('dd'), { textContent: text })));
  const why = 'What you were writing in is not there any more. You wrote:';
  box.append(Object.assign(document.createElement('p'), { textContent: why }), list);
  setAside([box]);
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

function act(form, submitter) {
  saveBefore(form);
  if (form === texts()) return saveTexts({ isAuto: false });
  const done = formName(form);
  if (form.matches('[action$="/write"]')) return saveWords(done, { isAuto: false });
  press({
    address: submitter?.getAttribute('formaction') ?? form.getAttribute('action'),
    body: new FormData(form, submitter ?? undefined),
    done,
    settle: (body, { ok }) => void (ok && settled(formOf(done), body)),
  });
}

document.addEventListener('input', (event) => {
  const { target } = event;
  const form = target.closest?.('form');
  if (!form) return;
  if (form === texts()) showLine(target);
  if (form.matches('#texts, [action$="/write"], [action$="/block"]')) drawSoon();
  noteTyped(form, event);
  // Put back as it was by hand, nothing of it is refused any more.
  if (form !== texts() && formName(form) === refused && !isTypedIn(form)) {
    refused = undefined;
    for (const one of document.querySelectorAll('[data-live-region] > .bad')) one.remove();
  }
});

/** As an inbox has it, and how long it is. */
function showLine({ name, value, dataset }) {
  const hint = document.querySelector(`[data-hint="${name}"]`);
  const limit = Number(dataset.limit);
  const length = [...value].length;
  if (hint) hint.textContent = `${length} characters${length > limit ? `; a phone shows about ${limit}` : ''}`;
  const line = { subject: 1, preheader: 2 }[name];
  if (line) document.querySelectorAll('.inboxline .line')[line].textContent = value;
}

/** What came with the page, because it was refused before this was here. */
const asCame = [...document.querySelectorAll('[data-aside] > *')];
for (const box of asCame) box.remove();
if (id) setAside(asCame);

showWith(arrive);
watchLeaving();
listen({
  hasWords: () => isUnsaved() || hasWords(() => false),
  show(page) {
    Object.assign(seen, page.querySelector('[data-edition]').dataset);
    show(page, { keepsTexts: false, keptRefusals: [...document.querySelectorAll('[data-live-region] > .kept')] });
  },
  /** Only that part, with what is typed in it. */
  renew(page, part) {
    const typedWords = typedNow();
    put(part, page.querySelector(part));
    retype(typedWords);
  },
});
