/** The viewer's keyboard shortcuts, as the help dialog lists them. */

const STEP = 60;
const TYPING = "input:not([type=radio], [type=range], [type=checkbox]), textarea, select, dialog";
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
    1: viewer.actual,
    r: viewer.reset,
    i: () => viewer.setInvert(!viewer.getState().invert),
    h: viewer.toggleOverlay,
    m: viewer.nextMode,
    w: () => viewer.setTool(viewer.getState().tool === "pan" ? "window" : "pan"),
    "[": () => viewer.setOpacity(viewer.getState().opacity - 0.1),
    "]": () => viewer.setOpacity(viewer.getState().opacity + 0.1),
  };
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
    const action = actions[event.key.toLowerCase()] ?? (target.closest?.(ARROWS_TAKEN) ? undefined : arrows[event.key]);
    if (!action) return;
    event.preventDefault();
    action();
  }

  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}
