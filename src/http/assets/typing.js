// What stands in the forms of a page that stays: which of it was typed, and how it comes over when the page is put in place of itself.

const controls = () => [...document.querySelectorAll('main :is(input, textarea, select)')];

/** Of several forms to one address: by what is fixed in each. */
export function formName(form) {
  const hidden = [...(form?.elements ?? [])].filter(({ type, value }) => type === 'hidden' && value !== '');
  // What has an id keeps it wherever it goes.
  const names = hidden.some(({ name }) => name === 'id') ? ['id'] : ['section', 'kind', 'piece', 'block'];
  const fixed = hidden.filter(({ name }) => names.includes(name));
  return `${form?.getAttribute('action') ?? ''} ${fixed.map(({ value }) => value).join(' ')}`;
}

export function nameOf(control) {
  return `${formName(control?.form)} ${control?.name ?? ''} ${control?.type === 'checkbox' ? control.value : ''}`;
}

export function formOf(name) {
  return [...document.querySelectorAll('main form')].find((form) => formName(form) === name);
}

/** Something else stands in it than what came with the page; the texts of the whole are another matter. */
export function isTyped(control) {
  if (control.type === 'hidden' || control.closest('#texts')) return false;
  if (control.type === 'checkbox' || control.type === 'radio') return control.checked !== control.defaultChecked;
  if (control.tagName === 'SELECT')
    return [...control.options].some((option) => option.selected !== option.defaultSelected);
  return isOverwritten(control);
}

/** A field of one line came without its line ends (HTML, 4.10.5.1.2: value sanitization). */
export function isOverwritten({ tagName, value, defaultValue }) {
  return isOther(value, tagName === 'INPUT' ? defaultValue.replaceAll(/[\r\n]/g, '') : defaultValue);
}

/** The desk trims what it keeps. */
const isOther = (one, other) => bare(one) !== bare(other ?? '');

export const isTypedIn = (form) => [...form.elements].some((control) => control.name && isTyped(control));

/** What is typed now, to be put into the page that comes; of the form called `done`, what was typed since that was sent. */
export function typedNow(done) {
  return controls()
    .filter((control) => isTyped(control) && (isWords(control) || formName(control.form) !== done))
    .map((control) => ({ name: nameOf(control), control }));
}

/**
 * A page that was refused shows what was typed as if it were what there is: it is typed still. Returns the words for which there is no place
 * any more, because somebody has taken away what they were of.
 */
export function retype(typed, { isEcho = false } = {}) {
  const homeless = [];
  for (const { name, control } of typed) {
    const fresh = controls().find((one) => nameOf(one) === name);
    if (!fresh && isWords(control)) homeless.push(control.value);
    if (!fresh || fresh === control) continue;
    if (control.type === 'checkbox' || control.type === 'radio') {
      fresh.checked = control.checked;
    } else {
      if (isEcho && fresh.tagName !== 'SELECT' && fresh.defaultValue === control.value)
        fresh.defaultValue = control.defaultValue;
      fresh.value = control.value;
    }
  }
  return homeless;
}

/** A form that somebody is writing in stays the very same, in the place of the one that came, whose words are what there is. */
export function keepForm(mine, { isEcho }) {
  const theirs = mine && formOf(formName(mine));
  if (!theirs || theirs === mine) return;
  for (const control of mine.elements) {
    const fresh = theirs.elements.namedItem(control.name);
    if (isEcho || !('defaultValue' in control) || control.type === 'hidden' || !fresh) continue;
    const isMine = isTyped(control);
    setDefault(control, fresh.defaultValue);
    if (!isMine && isOther(control.value, fresh.value)) control.value = fresh.value;
  }
  mine.toggleAttribute('data-autosave', theirs.hasAttribute('data-autosave'));
  theirs.replaceWith(mine);
}

/** Does a page that came have the words that a form was begun from? */
export function isSame(form, page) {
  const theirs = [...page.querySelectorAll('main form')].find((one) => formName(one) === formName(form));
  return [...form.elements].every(
    (control) =>
      control.type === 'hidden' ||
      !('defaultValue' in control) ||
      !isOther(control.defaultValue, theirs?.elements.namedItem(control.name)?.defaultValue),
  );
}

const wordsOf = (form) =>
  [...(form?.elements ?? [])].filter(
    (control) => 'defaultValue' in control && control.type !== 'hidden' && isWords(control),
  );

/** What is sent is what a form's words are from now on; what was typed since is typed still. */
export function settled(form, body) {
  for (const control of wordsOf(form)) if (body.has(control.name)) setDefault(control, body.get(control.name));
}

/** Does what was sent of a form say anything else than what that came with? */
export function isNew(body, form) {
  return wordsOf(form).some(({ name, defaultValue }) => isOther(body.get(name) ?? '', defaultValue));
}

/** Does a page that came have what was sent of a form? */
export function isThere(body, form, page) {
  const theirs = [...page.querySelectorAll('main form')].find((one) => formName(one) === formName(form));
  return (
    theirs !== undefined &&
    wordsOf(theirs).every(({ name, defaultValue }) => !isOther(body.get(name) ?? '', defaultValue))
  );
}

/** Without touching what stands in it: a textarea that nobody has typed in would show it. */
function setDefault(control, words) {
  const { value } = control;
  control.defaultValue = words;
  if (control.value !== value) control.value = value;
}

/** What is only ticked or chosen is no word. */
const isWords = ({ type }) => !['checkbox', 'radio', 'select-one', 'datetime-local', 'submit', 'button'].includes(type);

/** Words as they are compared: a form sends line ends as CRLF, and the desk trims. */
export const bare = (words) => words.replaceAll(/\r\n?/g, '\n').trim();

/** Do words stand in a field of that name? */
export function stands(name, words) {
  return controls().some((control) => control.name === name && bare(control.value) === bare(words));
}

/** Is there a word that would be lost with the page? */
export function hasWords(isSafe) {
  return controls().some(
    (control) => control.form?.method === 'post' && isWords(control) && isTyped(control) && !isSafe(control.form),
  );
}
