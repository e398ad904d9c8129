// A page on which something goes on is looked at again until it is over.
import { HTML, parse } from './page.js';

const EVERY_MS = 1000;

async function look() {
  const answer = await fetch(location.href, { headers: HTML });
  if (!answer.ok) return true;
  const page = await parse(answer);
  const [old, fresh] = [document, page].map((where) => where.querySelector('[data-part="progress"]'));
  if (!fresh) return false;
  old.replaceWith(fresh);
  if (fresh.dataset.over !== 'true') return true;
  location.reload();
  return false;
}

async function follow() {
  const goOn = await look().catch(() => true);
  if (goOn) setTimeout(follow, EVERY_MS);
}

setTimeout(follow, EVERY_MS);
