// The preview of an edition's page: it follows what is saved, and what is typed and not saved yet.
import { swap } from './page.js';

/** What is typed is in the preview before one looks up. */
const DRAW_AFTER_MS = 150;
let drawing;

export const texts = () => document.querySelector('#texts');

/** Something else stands in it than what came with the page; the texts of the whole are another matter. */
export function isTyped(control) {
  if (control.type === 'hidden' || control.closest('#texts')) return false;
  if (control.type === 'checkbox' || control.type === 'radio') return control.checked !== control.defaultChecked;
  if (control.tagName === 'SELECT')
    return [...control.options].some((option) => option.selected !== option.defaultSelected);
  return control.value !== control.defaultValue;
}

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

const wordForms = () => [...document.querySelectorAll('form[action$="/write"]')];
const isTypedIn = (form) => [...form.elements].some(isTyped);
export const hasTypedWords = () => wordForms().some(isTypedIn);

export function drawSoon() {
  clearTimeout(drawing);
  drawing = setTimeout(draft, DRAW_AFTER_MS);
}

/** Texts, and the words of pieces that somebody is writing over. */
function typedFields() {
  const fields = [...new FormData(texts())].filter(([name]) => name !== 'revision');
  for (const form of wordForms().filter(isTypedIn)) {
    const { piece } = form.closest('[data-piece]').dataset;
    for (const [name, value] of new FormData(form)) fields.push([`piece-${piece}-${name}`, value]);
  }
  return fields;
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
