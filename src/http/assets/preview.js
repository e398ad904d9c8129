// The preview of an edition's page: it follows what is saved, and what is typed and not saved yet.
import { HTML, parse, swap } from './page.js';
import { isTypedIn } from './typing.js';

/** What is typed is in the preview before one looks up. */
const DRAW_AFTER_MS = 150;
let drawing;

export const texts = () => document.querySelector('#texts');

const frameNow = () => document.querySelector('[data-part="preview"] iframe:not(.coming)');
/** Where the preview is from; nowhere, while it shows what is typed. */
let source = frameNow()?.getAttribute('src');
let address = source;

export function follow(wanted) {
  if (wanted === source) return;
  source = wanted;
  address = wanted;
  swap(frameNow(), (next) => next.setAttribute('src', wanted));
}

const draftForms = () => [...document.querySelectorAll('form:is([action$="/write"], [action$="/block"])')];
/** Something is typed into a piece's words or a block, which the preview is to show. */
export const hasDraft = () => draftForms().some(isTypedIn);

export function drawSoon() {
  clearTimeout(drawing);
  drawing = setTimeout(draft, DRAW_AFTER_MS);
}

/** Texts, and the words of pieces and blocks that somebody is writing. */
function typedFields() {
  const fields = [...new FormData(texts())].filter(([name]) => name !== 'revision');
  for (const [at, form] of draftForms().filter(isTypedIn).entries()) {
    const piece = form.closest('[data-piece]')?.dataset.piece;
    const prefix = form.matches('[action$="/write"]') ? `piece-${piece}` : `block-${at}`;
    for (const [name, value] of new FormData(form)) fields.push([`${prefix}-${name}`, value]);
  }
  return fields;
}

/** What one chose to see, of a page that came for it. */
function showView(page) {
  const [old, fresh] = [document, page].map((where) => where.querySelector('[data-part="preview"]'));
  const [was, is] = [old, fresh].map((part) => part.querySelector('.stage'));
  for (const part of ['.tabs', '.asform', '.finding']) {
    const [before, after] = [old, fresh].map((where) => where.querySelector(part));
    if (before && after) before.replaceWith(after);
    else if (before) before.remove();
    else if (after) was.before(after);
  }
  was.className = is.className;
  frameNow().title = is.querySelector('iframe').title;
  follow(is.querySelector('iframe').getAttribute('src'));
  fresh.remove();
}

/** What is typed and not saved yet: a form of its own, sent into the frame. */
function draft() {
  if (!texts() || !address) return;
  source = undefined;
  const fields = typedFields();
  swap(frameNow(), (next) => {
    const attributes = { method: 'post', action: address, target: next.name, hidden: true };
    const sender = Object.assign(document.createElement('form'), attributes);
    for (const [name, value] of fields)
      sender.append(Object.assign(document.createElement('textarea'), { name, value }));
    document.body.append(sender);
    sender.submit();
    sender.remove();
  });
}

// Another look at the preview leaves the page as it is.
document.addEventListener('click', (event) => {
  const link = event.target.closest?.('[data-part="preview"] .tabs a');
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  void look(link.href).catch(() => location.assign(link.href));
});
document.addEventListener('submit', (event) => {
  const { target: form } = event;
  if (!form.matches('.asform')) return;
  event.preventDefault();
  const url = new URL(form.action, location.href);
  url.search = new URLSearchParams(new FormData(form));
  void look(url.href).catch(() => form.submit());
});

async function look(wanted) {
  const answer = await fetch(wanted, { headers: HTML });
  const page = await parse(answer);
  if (!answer.ok || page.querySelector('[data-edition]') === null) return location.assign(wanted);
  history.replaceState(null, '', wanted);
  const showsTyped = source === undefined;
  showView(page);
  if (showsTyped) drawSoon();
}
