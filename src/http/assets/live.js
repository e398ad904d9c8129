// What an edition is and how its send goes on, as the server says it: figures at once, the rest of the ledger when it was counted anew. Without
// script the page shows all of it as of its loading. A tab that nobody sees keeps no line open: a browser has six for all of them.
import { HTML, parse } from './page.js';

const id = document.querySelector('[data-edition]')?.dataset.edition;
let source;

function follow() {
  source?.close();
  source = undefined;
  if (!id || document.hidden) return;
  source = new EventSource(`/editions/${id}/events`);
  source.addEventListener('sums', ({ data }) => show(JSON.parse(data)));
  // What is over is over: the browser would come back for it again and again.
  source.addEventListener('end', () => source.close());
}

function show(standing) {
  document.dispatchEvent(new CustomEvent('standing', { detail: standing }));
  const board = document.querySelector('[data-part="ledger"]');
  if (!board || !standing.sums) return;
  for (const [name, value] of Object.entries(standing.sums)) {
    const cell = board.querySelector(`[data-figure="${name}"]`);
    if (cell) cell.textContent = value.toLocaleString('en-US');
  }
  const state = board.querySelector('[data-state]');
  state.textContent = standing.stateText;
  state.className = `state ${standing.state}`;
  const bar = board.querySelector('progress');
  if (bar) bar.value = standing.share;
  if ((standing.detailsAt ?? '') > board.dataset.detailsAt) void renew(board).catch(() => {});
  const when = board.querySelector('[data-counted]');
  if (when && standing.countedAt) when.textContent = new Date(standing.countedAt).toISOString().slice(11, 19);
}

/** By domain, by cause, the course: as the server draws them. What is open stays open. */
async function renew(board) {
  const answer = await fetch(`/editions/${id}/ledger`, { headers: HTML });
  if (!answer.ok) return;
  const fresh = (await parse(answer)).querySelector('[data-part="ledger"]');
  // Whoever is in it is not thrown out; it is tried again with the next figures.
  if (!fresh || board.contains(document.activeElement)) return;
  const open = [...board.querySelectorAll('details')].map((one) => one.open);
  for (const [at, one] of fresh.querySelectorAll('details').entries()) one.open = open[at] ?? false;
  board.replaceWith(fresh);
}

document.addEventListener('visibilitychange', follow);
window.addEventListener('pagehide', () => source?.close());
window.addEventListener('pageshow', ({ persisted }) => persisted && follow());
// What was stopped may go on.
document.addEventListener('shown', () => source?.readyState === EventSource.CLOSED && follow());
follow();
