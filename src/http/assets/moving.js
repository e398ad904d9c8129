// Pieces and blocks in another order: dragged, or by Alt and an arrow. Either is a form of theirs, sent.

const MOVED = '[data-piece], [data-block]';
let dragged;

document.addEventListener('dragstart', ({ target, dataTransfer }) => {
  dragged = target.closest?.(MOVED);
  if (!dragged) return;
  dataTransfer.effectAllowed = 'move';
  dataTransfer.setData('text/plain', dragged.id);
  dragged.classList.add('dragged');
});
document.addEventListener('dragover', (event) => {
  const place = dragged && event.target.closest?.(`${MOVED}, [data-section]`);
  mark(place);
  if (place) event.preventDefault();
});
document.addEventListener('dragend', () => {
  mark();
  dragged?.classList.remove('dragged');
  dragged = undefined;
});

// Onto a piece or a block is before it, onto a section is at its end.
document.addEventListener('drop', (event) => {
  // The page may have been put in place of itself meanwhile.
  dragged = document.getElementById(dragged?.id) ?? dragged;
  const place = dragged && event.target.closest?.(`${MOVED}, [data-section]`);
  if (!place || place === dragged) return;
  event.preventDefault();
  const section = place.closest('[data-section]');
  const items = [...section.querySelectorAll(MOVED)].filter((item) => item !== dragged);
  const at = items.indexOf(place);
  const before = (at === -1 ? items : items.slice(0, at)).filter((item) => item.dataset.piece).length;
  const isBlock = dragged.dataset.block !== undefined;
  const old = dragged.querySelector(isBlock ? 'form[action$="/block-move"]' : 'form[action$="/move"]');
  const form = old.cloneNode(true);
  const value = `${section.dataset.section}:${isBlock ? before : before + 1}`;
  form.append(Object.assign(document.createElement('input'), { type: 'hidden', name: 'place', value }));
  form.hidden = true;
  old.after(form);
  form.requestSubmit();
  form.remove();
});

function mark(place) {
  for (const old of document.querySelectorAll('.here')) old.classList.remove('here');
  place?.classList.add('here');
}

// But for where arrows have another meaning.
document.addEventListener('keydown', (event) => {
  const way = { ArrowUp: 'up', ArrowDown: 'down' }[event.key];
  if (!event.altKey || !way || event.target.matches?.('input, textarea, select')) return;
  const item = event.target.closest?.(MOVED);
  const button = item && document.getElementById(`${way}-${item.dataset.piece ?? item.dataset.block}`);
  if (!button || button.disabled) return;
  event.preventDefault();
  button.focus();
  button.click();
});
