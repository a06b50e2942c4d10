/** The viewer's keyboard shortcuts, as the help dialog lists them; where other viewers have one, it is theirs. */

import { PRESETS } from "/static/viewer/window_level.js";

const STEP = 60;
const TYPING = "input:not([type=radio], [type=range], [type=checkbox]), textarea, select, dialog";
const SPACE_TAKEN = "button, a, summary, [role=slider], input";
const ARROWS_TAKEN = "input, select, textarea, [role=slider], .window, .rail-lists, .answer";

/**
 * @param {any} viewer as `createViewer` gives it
 * @returns {() => void} removes the listener
 */
export function listenToKeys(viewer) {
  /** @type {Record<string, () => void>} */
  const actions = {
    "+": () => viewer.zoomBy(1.25),
    "=": () => viewer.zoomBy(1.25),
    "-": () => viewer.zoomBy(0.8),
    f: viewer.fit,
    0: viewer.actual,
    i: () => viewer.setInvert(!viewer.getState().invert),
    r: () => viewer.turn(1),
    l: () => viewer.turn(-1),
    h: viewer.mirror,
    o: viewer.toggleOverlay,
    m: viewer.nextMode,
    w: () => viewer.setTool("window"),
    g: () => viewer.setTool("pan"),
    t: () => viewer.setTool("measure"),
    delete: viewer.clearLines,
    "[": () => viewer.setOpacity(viewer.getState().opacity - 0.1),
    "]": () => viewer.setOpacity(viewer.getState().opacity + 0.1),
  };
  PRESETS.forEach((name, index) => {
    actions[String(index + 1)] = () => viewer.setPreset(name);
  });
  /** @type {Record<string, () => void>} */
  const arrows = {
    ArrowLeft: () => viewer.panBy(STEP, 0),
    ArrowRight: () => viewer.panBy(-STEP, 0),
    ArrowUp: () => viewer.panBy(0, STEP),
    ArrowDown: () => viewer.panBy(0, -STEP),
  };

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const target = /** @type {Element} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest?.(TYPING)) return;
    const reset = event.key === " " && !target.closest?.(SPACE_TAKEN) ? viewer.reset : undefined;
    const action = reset ?? actions[event.key.toLowerCase()] ?? (target.closest?.(ARROWS_TAKEN) ? undefined : arrows[event.key]);
    if (!action) return;
    event.preventDefault();
    action();
  }

  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}
