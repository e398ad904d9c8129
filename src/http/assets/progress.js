// A page on which something goes on is looked at again until it is over.
const EVERY_MS = 1000;

async function look() {
  const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
  if (!answer.ok) return true;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
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
