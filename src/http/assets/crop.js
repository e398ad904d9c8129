// The frame over a photograph: where it is dragged, or clicked, the numbers of the form follow, and the other way round.
const box = document.querySelector('[data-crop]');
const frame = box?.querySelector('[data-frame]');
const picture = box?.querySelector('img');
const field = (name) => document.querySelector(`main form input[name="${name}"]`);
const number = (name) => Number(field(name)?.value) || 0;

const start = (at, length) => Math.min(Math.max(at - length / 2, 0), 100 - length);
const percent = (value) => String(Math.round(Math.min(100, Math.max(0, value * 100)) * 10) / 10);

/** As the program cuts it: the largest part of that shape, so much closer, as far as the picture reaches. In percent. */
function part() {
  const [width, height] = [picture.naturalWidth, picture.naturalHeight];
  const [w, h] = [Number(box.dataset.width), Number(box.dataset.height)];
  const scale = Math.min(width / w, height / h) / Math.min(4, Math.max(1, number('zoom')));
  const size = { x: (w * scale * 100) / width, y: (h * scale * 100) / height };
  return { left: start(number('x'), size.x), top: start(number('y'), size.y), width: size.x, height: size.y };
}

function draw() {
  for (const [name, value] of Object.entries(part())) frame.style.setProperty(name, `${value}%`);
}

function middleAt({ clientX, clientY }) {
  const { left, top, width, height } = picture.getBoundingClientRect();
  field('x').value = percent((clientX - left) / width);
  field('y').value = percent((clientY - top) / height);
  draw();
}

if (box) {
  frame.hidden = false;
  for (const one of document.querySelectorAll('[data-with-script]')) one.hidden = false;
  picture.draggable = false;
  if (picture.complete) draw();
  picture.addEventListener('load', draw);
  for (const name of ['x', 'y', 'zoom']) field(name).addEventListener('input', draw);
  box.addEventListener('pointerdown', (event) => {
    event.preventDefault();
    box.setPointerCapture(event.pointerId);
    middleAt(event);
  });
  box.addEventListener('pointermove', (event) => {
    if (box.hasPointerCapture(event.pointerId)) middleAt(event);
  });
}
