// Keeps the figures of an edition that is being sent up to date. Without script the page shows them as of its loading.
const board = document.querySelector('[data-figures]');

async function refresh() {
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
  return state === 'sending' || state === 'paused' || state === 'scheduled';
}

async function follow() {
  const goOn = await refresh().catch(() => true);
  if (goOn) setTimeout(follow, 1000);
}

if (board?.dataset.live === 'true') void follow();
