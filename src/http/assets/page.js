// What pages share that stay where they are: how they come, a word to whoever is there, a page that came instead of the one that was asked for, a frame
// that is shown when it is there.

export const HTML = { accept: 'text/html' };

/** A page of the desk. Throws where there is no answer in time. */
export async function load(address) {
  return parse(await fetch(address, { headers: HTML, signal: AbortSignal.timeout(10_000) }));
}

export async function parse(answer) {
  return new DOMParser().parseFromString(await answer.text(), 'text/html');
}

/**
 * A form, sent to the desk, whose answer is a page. Whoever has signed in anew in another tab has other tokens than the forms here: with the new
 * one it is sent once more. Throws where there is no answer in time.
 */
export async function post(address, body, mostMs = 30_000) {
  const first = await send(address, body, mostMs);
  return first.answer.status === 403 && (await renewToken(body)) ? send(address, body, mostMs) : first;
}

async function send(address, body, mostMs) {
  const signal = AbortSignal.timeout(mostMs);
  const answer = await fetch(address, { method: 'POST', body: new URLSearchParams(body), headers: HTML, signal });
  return { answer, page: await parse(answer) };
}

/** False where it is the same, or another account's. */
async function renewToken(body) {
  const page = await load(location.href);
  const token = page.querySelector('input[name="_csrf"]')?.value;
  if (!token || token === body.get('_csrf') || page.body.dataset.me !== document.body.dataset.me) return false;
  for (const field of document.querySelectorAll('input[name="_csrf"]')) field.value = token;
  body.set('_csrf', token);
  return true;
}

export const isTold = (words) => document.querySelector('[data-live-region]')?.textContent.includes(words) === true;

/** Returns the box, to put a link into. `isBeside`: what is told already stays. */
export function tell(text, { isBeside = false } = {}) {
  const box = Object.assign(document.createElement('div'), { className: 'told warn' });
  box.append(Object.assign(document.createElement('p'), { textContent: text }));
  const place = document.querySelector('[data-live-region]');
  for (const one of Array.from(place?.children ?? [])) if (!isBeside && !one.matches('.kept')) one.remove();
  place?.append(box);
  return box;
}

/** Another page came, such as the door: one stays here, with all that was typed. */
export function refused(answer, page) {
  const isOut = answer.status === 401 || new URL(answer.url).pathname === '/sign-in';
  const said = [...page.querySelectorAll('main p:not(.small)')].map((one) => one.textContent.trim()).join(' ');
  const words = isOut ? 'You are signed out. What you have typed is still here.' : said || 'The desk refused this.';
  if (isTold(words)) return;
  const box = tell(words);
  const link = { href: '/sign-in', target: '_blank', textContent: 'Sign in, in another tab' };
  if (isOut) box.append(Object.assign(document.createElement('a'), link));
}

let drawn = 0;

/** A new frame comes in the place of the old one when it is there. `begin` sends it on its way. */
export function swap(frame, begin) {
  if (!frame) return;
  for (const late of document.querySelectorAll('iframe.coming')) late.remove();
  const next = frame.cloneNode();
  next.removeAttribute('src');
  // A frame is known by the name that it comes with.
  next.name = `preview-${++drawn}`;
  next.classList.add('coming');
  frame.after(next);
  // Not before it has its empty page, which would count as there.
  setTimeout(() => {
    // Another one may have come meanwhile.
    if (!next.isConnected) return;
    const come = () => {
      frame.remove();
      next.classList.remove('coming');
    };
    next.addEventListener('load', come, { once: true });
    begin(next);
  });
}
