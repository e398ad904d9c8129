// Shortcuts, and the sheet that lists them. Keys that are a character alone can be turned off (WCAG 2.2, 2.1.4).
const OFF = 'roundup-keys-off';
const go = (address) => () => {
  [...document.querySelectorAll('nav a')].find((link) => link.getAttribute('href') === address)?.click();
};
const isEdition = () => document.querySelector('[data-edition]') !== null;
const pieces = () => [...document.querySelectorAll('main li.piece[tabindex]')];
const here = () => document.activeElement?.closest?.('li.piece');
const press = (selector) => () => here()?.querySelector(selector)?.click();

function step(by) {
  const all = pieces();
  const at = all.indexOf(here());
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}

function tab(number) {
  document.querySelectorAll('.tabs a')[number - 1]?.click();
}

function openWriting() {
  const details = here()?.querySelector('details.edit');
  if (!details) return;
  details.open = true;
  details.querySelector('input:not([type="hidden"]), textarea')?.focus();
}

const EVERYWHERE = [
  ['?', 'this sheet', sheet],
  ['/', 'search', () => document.querySelector('main input[type="search"], main [role="search"] input')?.focus()],
  ['g e', 'editions', go('/')],
  ['g p', 'pool', go('/pieces')],
  ['g s', 'sources', go('/sources')],
  ['g n', 'newsletters', go('/newsletters')],
  ['g r', 'readers', go('/subscribers')],
  ['g h', 'house', go('/settings')],
];
const EDITION = [
  ['j', 'the next piece', () => step(1)],
  ['k', 'the piece before', () => step(-1)],
  ['Alt + ↑', 'move it up'],
  ['Alt + ↓', 'move it down'],
  ['e', 'write over its words', openWriting],
  ['h', 'hold it for the next edition', press('form[action$="/hold"] button')],
  ['d', 'drop it', press('form[action$="/drop"] button')],
  ['p', 'pin it, or not', press('form[action$="/pin"] button, form[action$="/unpin"] button')],
  ['u', 'undo', () => document.querySelector('[data-live-region] form[action$="/restore"] button')?.click()],
  ['s', 'the subject', () => document.querySelector('#subject')?.focus()],
  ['a', 'add an article by its address', () => document.querySelector('#add-url')?.focus()],
  ['1 … 5', 'preview: desktop, phone, dark, images off, text'],
];

function row([keys, what]) {
  const line = document.createElement('div');
  const term = document.createElement('dt');
  for (const key of keys.split(' '))
    term.append(Object.assign(document.createElement(/^[+…]$/.test(key) ? 'span' : 'kbd'), { textContent: key }), ' ');
  line.append(term, Object.assign(document.createElement('dd'), { textContent: what }));
  return line;
}

function list(title, rows) {
  const part = document.createElement('section');
  const names = document.createElement('dl');
  names.append(...rows.map(row));
  part.append(Object.assign(document.createElement('h3'), { textContent: title }), names);
  return part;
}

function sheet() {
  const open = document.querySelector('dialog.keys');
  if (open) return open.close();
  const dialog = Object.assign(document.createElement('dialog'), { className: 'keys' });
  dialog.setAttribute('aria-labelledby', 'keys-title');
  const close = Object.assign(document.createElement('button'), {
    type: 'button',
    className: 'plain',
    textContent: 'Close',
  });
  close.addEventListener('click', () => dialog.close());
  const box = Object.assign(document.createElement('input'), { type: 'checkbox', checked: !isOff() });
  box.addEventListener('change', () => keep(!box.checked));
  const label = Object.assign(document.createElement('label'), { className: 'box small' });
  label.append(
    box,
    ' ',
    Object.assign(document.createElement('span'), { textContent: 'Keys that are a character alone do something' }),
  );
  const title = Object.assign(document.createElement('h2'), { id: 'keys-title', textContent: 'Keyboard shortcuts' });
  dialog.append(
    title,
    list('Everywhere', EVERYWHERE),
    ...(isEdition() ? [list('At an edition', EDITION)] : []),
    label,
    close,
  );
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function isOff() {
  try {
    return localStorage.getItem(OFF) === 'yes';
  } catch {
    return false;
  }
}

function keep(off) {
  try {
    if (off) localStorage.setItem(OFF, 'yes');
    else localStorage.removeItem(OFF);
  } catch {
    // Without a store it holds for this page.
  }
}

let before = '';
let beforeAt = 0;

/** Somebody types, or means something else. */
function isElsewhere({ key, target, ctrlKey, metaKey, altKey, isComposing, defaultPrevented }) {
  if (ctrlKey || metaKey || altKey || isComposing || defaultPrevented) return true;
  if (target.matches?.('input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable]'))
    return true;
  return document.querySelector('dialog[open]') !== null && key !== '?';
}

/** What a key does, with the one before it where they belong together. */
function actOf(key, timeStamp) {
  if (isEdition() && /^[1-5]$/.test(key)) return () => tab(Number(key));
  const known = [...EVERYWHERE, ...(isEdition() ? EDITION : [])];
  const both = timeStamp - beforeAt < 1500 ? `${before} ${key}` : key;
  return (known.find(([keys]) => keys === both) ?? known.find(([keys]) => keys === key))?.[2];
}

document.addEventListener('keydown', (event) => {
  if (isElsewhere(event) || isOff()) return;
  const { key, timeStamp } = event;
  const act = actOf(key, timeStamp);
  [before, beforeAt] = [act ? '' : key, timeStamp];
  if (!act) return;
  event.preventDefault();
  act();
});

for (const button of document.querySelectorAll('[data-keys]')) {
  button.hidden = false;
  button.addEventListener('click', sheet);
}
