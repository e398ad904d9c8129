// A theme's page: what is typed is kept and seen a moment later, what is wrong stands beside it, and the lines of a template are numbered.
const SAVE_AFTER_MS = 500;
let saving;
let last = Promise.resolve();

async function save(form) {
  const answer = await fetch(form.action, {
    method: 'POST',
    body: new URLSearchParams(new FormData(form)),
    headers: { accept: 'text/html' },
  });
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const part of ['told', 'problems', 'contrast', 'use']) {
    const [old, fresh] = [document, page].map((where) => where.querySelector(`[data-part="${part}"]`));
    if (old && fresh) old.replaceWith(fresh);
  }
  if (answer.ok) follow();
}

/** The new preview comes in the place of the old one when it is there. */
function follow() {
  const frame = document.querySelector('[data-preview] iframe:not(.coming)');
  if (!frame) return;
  for (const late of document.querySelectorAll('iframe.coming')) late.remove();
  const next = frame.cloneNode();
  const source = new URL(frame.src);
  source.searchParams.set('r', String(Date.now()));
  next.classList.add('coming');
  next.addEventListener('load', () => {
    frame.remove();
    next.classList.remove('coming');
  });
  next.src = source.href;
  frame.after(next);
}

document.addEventListener('input', ({ target }) => {
  const form = target.closest?.('form[data-live]');
  const twin = target.dataset?.twin && form?.elements.namedItem(target.dataset.twin);
  if (twin && /^#[0-9a-f]{6}$/i.test(target.value)) twin.value = target.value;
  if (!form || !form.checkValidity()) return;
  clearTimeout(saving);
  saving = setTimeout(() => (last = last.then(() => save(form)).catch(() => {})), SAVE_AFTER_MS);
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
