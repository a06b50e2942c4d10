/** Pointer events of mouse, pen and touch: drag, wheel, pinch. */

/**
 * @param {HTMLElement} element
 * @param {object} act points are in CSS pixels from the element's corner
 * @param {(dx: number, dy: number, secondary: boolean) => void} act.drag `secondary`: with the right button
 * @param {(dx: number, dy: number) => void} act.pan with two fingers, whatever the tool
 * @param {(factor: number, about: {x: number, y: number}) => void} act.zoom
 * @param {() => void} act.fit on a double click
 */
export function listenToPointers(element, act) {
  /** @type {Map<number, {x: number, y: number}>} */
  const down = new Map();
  const pointOf = (/** @type {MouseEvent} */ event) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  element.addEventListener("pointerdown", (event) => {
    if (event.target !== element && !(event.target instanceof HTMLCanvasElement)) return;
    element.setPointerCapture(event.pointerId);
    down.set(event.pointerId, pointOf(event));
  });
  element.addEventListener("pointermove", (event) => {
    const before = down.get(event.pointerId);
    if (!before) return;
    const now = pointOf(event);
    down.set(event.pointerId, now);
    if (down.size === 1) act.drag(now.x - before.x, now.y - before.y, (event.buttons & 2) !== 0);
    else if (down.size === 2) pinch(event.pointerId, before, now);
  });
  for (const type of /** @type {const} */ (["pointerup", "pointercancel"])) {
    element.addEventListener(type, (event) => down.delete(event.pointerId));
  }
  element.addEventListener("wheel", (event) => {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 20 : event.deltaY;
    act.zoom(Math.exp(-lines * 0.0015), pointOf(event));
  }, { passive: false });
  element.addEventListener("dblclick", act.fit);
  element.addEventListener("contextmenu", (event) => event.preventDefault());

  /** @param {number} id @param {{x: number, y: number}} before @param {{x: number, y: number}} now */
  function pinch(id, before, now) {
    const other = [...down].find(([key]) => key !== id)?.[1];
    if (!other) return;
    const length = (/** @type {{x: number, y: number}} */ point) => Math.hypot(point.x - other.x, point.y - other.y);
    act.zoom(length(now) / Math.max(1, length(before)), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
    act.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
  }
}
