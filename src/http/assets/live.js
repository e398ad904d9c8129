// Keeps the figures of an edition that is being sent up to date. Without script the page shows them as of its loading.
const find = () => document.querySelector('[data-figures]');

async function refresh() {
  const board = find();
  if (!board) return true;
  const answer = await fetch(board.dataset.figures, { headers: { accept: 'application/json' } });
  if (!answer.ok) return true;
  const { sums, state, share } = await answer.json();
  for (const [name, value] of Object.entries(sums)) {
    const cell = board.querySelector(`[data-figure="${name}"]`);
    if (cell) cell.textContent = value.toLocaleString('en-US');
  }
  board.querySelector('[data-state]').textContent = state;
  const bar = board.querySelector('progress');
  if (bar) bar.value = share;
  // On an edition's page what begins is followed, too.
  return board.dataset.live === 'true' || document.querySelector('[data-edition]') !== null;
}

async function follow() {
  const goOn = await refresh().catch(() => true);
  if (goOn) setTimeout(follow, 1000);
}

if (find()?.dataset.live === 'true' || document.querySelector('[data-edition]')) void follow();
