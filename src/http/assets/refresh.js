// Parts of a page that change by themselves, such as what the DNS says, are looked at again now and then, as long as somebody looks.
import { HTML, parse } from './page.js';

const EVERY_MS = 10_000;

async function look() {
  if (document.hidden) return;
  const answer = await fetch(location.href, { headers: HTML });
  if (!answer.ok) return;
  const page = await parse(answer);
  for (const old of document.querySelectorAll('[data-refresh]')) {
    const fresh = page.getElementById(old.id);
    if (fresh && !old.contains(document.activeElement) && fresh.innerHTML !== old.innerHTML) old.replaceWith(fresh);
  }
}

setInterval(() => void look().catch(() => {}), EVERY_MS);
