/** The divider of the swipe mode: a slider, by pointer and by keys. */

import { h } from "/static/dom.js";

/**
 * @param {string} label
 * @param {(share: number) => void} moved called with the divider's position as a share of the width
 */
export function createDivider(label, moved) {
  const element = h("div", { class: "viewer-divider", role: "slider", tabindex: "0", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100, hidden: true });
  let share = 0.5;

  /** @param {number} to */
  function set(to) {
    share = Math.min(1, Math.max(0, to));
    element.style.setProperty("left", `${share * 100}%`);
    element.setAttribute("aria-valuenow", String(Math.round(share * 100)));
  }

  /** @param {number} to */
  function move(to) {
    set(to);
    moved(share);
  }

  element.addEventListener("pointerdown", (event) => {
    event.stopPropagation();
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => {
    const box = element.parentElement?.getBoundingClientRect();
    if (box && element.hasPointerCapture(event.pointerId)) move((event.clientX - box.left) / box.width);
  });
  element.addEventListener("keydown", (event) => {
    const to = { ArrowLeft: share - 0.02, ArrowDown: share - 0.02, ArrowRight: share + 0.02, ArrowUp: share + 0.02, Home: 0, End: 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    move(to);
  });
  set(share);
  return { element, set, show: (/** @type {boolean} */ on) => { element.hidden = !on; } };
}
