/** Pointer events of mouse, pen and touch: drag, wheel, pinch. As in other viewers the left button follows the tool, the middle one moves, the right one zooms. */

const MIDDLE = 4;
const RIGHT = 2;

/** @typedef {{x: number, y: number}} Point */

/**
 * @param {HTMLElement} element
 * @param {object} act points are in CSS pixels from the element's corner
 * @param {(at: Point) => void} act.begin where the left button or a finger goes down
 * @param {(dx: number, dy: number, at: Point) => void} act.drag with the left button or one finger
 * @param {() => void} act.end of such a drag
 * @param {(dx: number, dy: number) => void} act.pan with the middle button, Shift, or two fingers, whatever the tool
 * @param {(factor: number, about: {x: number, y: number}) => void} act.zoom
 * @param {() => void} act.fit on a double click
 */
export function listenToPointers(element, act) {
  /** @type {Map<number, {x: number, y: number}>} */
  const down = new Map();
  let start = { x: 0, y: 0 };
  const pointOf = (/** @type {MouseEvent} */ event) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  element.addEventListener("pointerdown", (event) => {
    if (event.target !== element && !(event.target instanceof HTMLCanvasElement)) return;
    if (event.button === 1) event.preventDefault(); // no autoscroll
    element.setPointerCapture(event.pointerId);
    down.set(event.pointerId, pointOf(event));
    start = pointOf(event);
    if (event.button === 0 && !event.shiftKey && down.size === 1) act.begin(start);
  });
  element.addEventListener("pointermove", (event) => {
    const before = down.get(event.pointerId);
    if (!before) return;
    const now = pointOf(event);
    down.set(event.pointerId, now);
    if (down.size === 1) move(event, now.x - before.x, now.y - before.y, now);
    else if (down.size === 2) pinch(event.pointerId, before, now);
  });
  for (const type of /** @type {const} */ (["pointerup", "pointercancel"])) {
    element.addEventListener(type, (event) => {
      down.delete(event.pointerId);
      if (down.size === 0) act.end();
    });
  }
  element.addEventListener("wheel", (event) => {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 20 : event.deltaY;
    act.zoom(Math.exp(-lines * 0.0015), pointOf(event));
  }, { passive: false });
  element.addEventListener("dblclick", act.fit);
  element.addEventListener("contextmenu", (event) => event.preventDefault());

  /** @param {PointerEvent} event @param {number} dx @param {number} dy @param {Point} at */
  function move(event, dx, dy, at) {
    if (event.buttons & MIDDLE || event.shiftKey) act.pan(dx, dy);
    else if (event.buttons & RIGHT) act.zoom(Math.exp(-dy * 0.01), start);
    else act.drag(dx, dy, at);
  }

  /** @param {number} id @param {{x: number, y: number}} before @param {{x: number, y: number}} now */
  function pinch(id, before, now) {
    const other = [...down].find(([key]) => key !== id)?.[1];
    if (!other) return;
    const length = (/** @type {{x: number, y: number}} */ point) => Math.hypot(point.x - other.x, point.y - other.y);
    act.zoom(length(now) / Math.max(1, length(before)), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
    act.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
  }
}
