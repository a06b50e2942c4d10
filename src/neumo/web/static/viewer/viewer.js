/** The viewer: a radiograph on a canvas, with heat maps over it. It dispatches its state as `change` events, which toolbars listen to. */

import { h, replace } from "/static/dom.js";
import { createDivider } from "/static/viewer/divider.js";
import { drawFrame } from "/static/viewer/draw.js";
import { openFilm } from "/static/viewer/film.js";
import { loadPicture } from "/static/viewer/heat_map.js";
import { listenToKeys } from "/static/viewer/keys.js";
import { createLegend } from "/static/viewer/legend.js";
import { lengthText } from "/static/viewer/measure.js";
import { laidSize, lifted, mirrored, turned, UPRIGHT } from "/static/viewer/orientation.js";
import { listenToPointers } from "/static/viewer/pointer.js";
import { centred, fit, pan, zoom } from "/static/viewer/transform.js";
import { dragged, lookup, presetWindow, WHOLE } from "/static/viewer/window_level.js";

const MODES = /** @type {const} */ (["overlay", "side", "swipe"]);
const START = { invert: false, window: WHOLE, mode: MODES[0], finding: null, opacity: 0.6, swipe: 0.5, fitted: true, orientation: UPRIGHT };
/** Shorter ones, in CSS pixels, are slips of the hand. */
const SHORTEST_LINE = 3;

/** @typedef {import("/static/viewer/measure.js").Point} Point */
/** @typedef {import("/static/viewer/measure.js").Spacing} Spacing */

/**
 * Make a viewer that fills an element.
 * @param {HTMLElement} element
 * @param {{t: import("/static/i18n.js").Translate, format: import("/static/i18n.js").Format}} words
 */
export function createViewer(element, words) {
  const { t } = words;
  const canvas = /** @type {HTMLCanvasElement} */ (h("canvas", { class: "viewer-canvas", role: "img" }));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const readout = h("p", { class: "viewer-readout", "aria-hidden": "true" });
  const bar = /** @type {HTMLProgressElement} */ (h("progress", { class: "viewer-progress", max: 1, "aria-label": t("viewer.loading"), hidden: true }));
  const problem = h("p", { class: "viewer-problem", role: "alert" });
  const measured = h("p", { class: "viewer-measured", role: "status" });
  const legend = createLegend(t);
  const divider = createDivider(t("viewer.divider"), (swipe) => change({ swipe }));
  const box = h("div", { class: "viewer", tabindex: "0", role: "group", "aria-label": t("viewer.label") }, canvas, divider.element, readout, measured, legend.element, bar, problem);
  /** @type {any} */
  let state = { ...START, tool: "window", lines: [], transform: { scale: 1, x: 0, y: 0 } };
  /** @type {any} */
  let source = null;
  /** @type {ReturnType<typeof openFilm> | null} */
  let opened = null;
  /** @type {import("/static/viewer/film.js").Film | null} */
  let radiograph = null;
  /** A line that is being drawn. @type {{from: Point, to: Point, text: string} | null} */
  let drawing = null;
  let shades = lookup(state.window, state.invert);
  /** @type {Map<string, Promise<HTMLImageElement>>} */
  const heats = new Map();
  /** @type {HTMLImageElement | null} */
  let heat = null;
  /** @type {string | null} */
  let lastFinding = null;
  let frame = 0;

  /** Without a heat map there is nothing to put beside or behind the radiograph. */
  const arrangement = () => (heat ? state.mode : "overlay");
  /** The part of the view that one radiograph fills. */
  const room = () => ({ width: arrangement() === "side" ? box.clientWidth / 2 : box.clientWidth, height: box.clientHeight });

  /** Size of the radiograph as it is laid. */
  const size = () => laidSize(source, state.orientation);
  /** The point of the radiograph that a point of the view shows. @param {Point} at @returns {Point} */
  function pointAt(at) {
    const { scale, x, y } = state.transform;
    return lifted({ x: ((at.x % (room().width + 1)) - x) / scale, y: (at.y - y) / scale }, source, state.orientation);
  }

  /** @param {object} values */
  function change(values) {
    const before = state;
    state = { ...state, ...values };
    if (before.window !== state.window || before.invert !== state.invert) shades = lookup(state.window, state.invert);
    if (radiograph && state.fitted) state.transform = fit(size(), room());
    opened?.look(look());
    divider.show(arrangement() === "swipe");
    box.dataset.tool = state.tool;
    divider.set(state.swipe);
    legend.show(heat ? state.finding : null);
    describe();
    if (!frame) frame = requestAnimationFrame(paint);
    element.dispatchEvent(new CustomEvent("change", { detail: state }));
  }

  const look = () => ({ shades, scale: state.transform.scale * devicePixelRatio });

  function paint() {
    frame = 0;
    const ratio = devicePixelRatio || 1;
    const [width, height] = [Math.round(box.clientWidth * ratio), Math.round(box.clientHeight * ratio)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    drawFrame(context, { width: box.clientWidth, height: box.clientHeight }, ratio, { ...state, mode: arrangement(), radiograph, heat, lines: drawing ? [...state.lines, drawing] : state.lines });
  }

  function describe() {
    const share = radiograph ? Math.round(state.transform.scale * devicePixelRatio * 100) : 100;
    canvas.setAttribute("aria-label", t(state.finding ? "viewer.alt_overlay" : "viewer.alt", { zoom: share, finding: state.finding ? t(`findings.${state.finding}`) : "" }));
    readout.textContent = radiograph ? `${share} %   W ${Math.round(state.window.width)}   L ${Math.round(state.window.centre)}${laidInWords()}` : "";
  }

  /** Say that the radiograph is not seen as it was taken: left and right may be exchanged. */
  function laidInWords() {
    const { turns, mirrored: isMirrored } = state.orientation;
    return `${turns ? `   ${turns * 90}°` : ""}${isMirrored ? `   ${t("viewer.mirrored")}` : ""}`;
  }

  /** @param {Point} at */
  function drawTo(at) {
    if (!drawing) return;
    const to = pointAt(at);
    drawing = { ...drawing, to, text: lengthText(words, drawing.from, to, source.spacing ?? null) };
    change({});
  }

  function endLine() {
    if (!drawing) return;
    const { from, to, text } = drawing;
    drawing = null;
    const long = Math.hypot(to.x - from.x, to.y - from.y) * state.transform.scale >= SHORTEST_LINE;
    if (long) measured.textContent = text;
    change(long ? { lines: [...state.lines, { from, to, text }] } : {});
  }

  function clearLines() {
    measured.textContent = "";
    change({ lines: [] });
  }

  /** @param {"whole" | "contrast" | "lungs" | "dense"} name */
  const setPreset = (name) => radiograph?.histogram && change({ window: presetWindow(name, radiograph.histogram) });
  /** @param {import("/static/viewer/orientation.js").Orientation} orientation */
  const lay = (orientation) => change({ orientation, fitted: true });

  /** @param {number} dx @param {number} dy */
  const panBy = (dx, dy) => radiograph && change({ transform: pan(state.transform, dx, dy, size(), room()), fitted: false });
  /** @param {number} factor @param {{x: number, y: number}} [about] */
  function zoomBy(factor, about = { x: room().width / 2, y: room().height / 2 }) {
    if (!radiograph) return;
    const point = { x: about.x % (room().width + 1), y: about.y };
    change({ transform: zoom(state.transform, factor, point, size(), room()), fitted: false });
  }
  const refit = () => change({ fitted: true });

  /** @param {string | null} finding @param {number} [opacity] */
  async function setOverlay(finding, opacity = state.opacity) {
    const asked = source;
    // Another finding's map must never be shown under this one's name, however long it takes to load.
    if (finding !== state.finding) heat = null;
    showProblem("");
    lastFinding = finding ?? lastFinding;
    change({ finding, opacity });
    if (finding === null || !asked?.heatmapUrl) return;
    if (!heats.has(finding)) heats.set(finding, loadPicture(asked.heatmapUrl(finding)));
    try {
      const loaded = await heats.get(finding);
      if (asked !== source || state.finding !== finding) return;
      heat = loaded ?? null;
      change({});
    } catch {
      heats.delete(finding);
      if (asked !== source || state.finding !== finding) return;
      showProblem(t("viewer.no_heatmap"));
      change({ finding: null });
    }
  }

  /** @param {string} text @param {() => void} [retry] */
  const showProblem = (text, retry) => replace(problem, text, retry && h("button", { class: "button", type: "button", on: { click: retry } }, t("shell.again")));

  /**
   * Show a radiograph.
   * @param {import("/static/viewer/film.js").Source & {heatmapUrl?: (finding: string) => string, first?: string, spacing?: Spacing | null}} next
   *   `first`: the finding whose heat map is shown first
   */
  function load(next) {
    opened?.close();
    source = next;
    opened = radiograph = heat = null;
    change({ finding: null, orientation: UPRIGHT });
    clearLines();
    lastFinding = next.first ?? null;
    heats.clear();
    showProblem("");
    showProgress("loading", 0);
    state.transform = fit(size(), room());
    opened = openFilm(next, look(), come, () => {
      showProgress("failed", 1);
      showProblem(t("viewer.no_image"), () => load(next));
    });
  }

  /** @param {import("/static/viewer/film.js").Film} film */
  function come(film) {
    showProgress(film.whole ? "whole" : film.picture ? "preview" : "loading", film.share);
    if (!film.picture) return;
    const first = radiograph === null;
    radiograph = film;
    change(first ? { fitted: true } : {});
  }

  /** @param {"loading" | "preview" | "whole" | "failed"} stage @param {number} share of the bytes that have come */
  function showProgress(stage, share) {
    box.dataset.film = stage;
    bar.hidden = stage === "whole" || stage === "failed";
    bar.value = share;
  }

  const viewer = {
    load, setOverlay, panBy, zoomBy,
    fit: refit,
    actual: () => radiograph && change({ transform: centred(size(), room(), 1 / devicePixelRatio), fitted: false }),
    reset: () => change({ ...START, finding: state.finding }),
    turn: (/** @type {number} */ quarters) => lay(turned(state.orientation, quarters)),
    mirror: () => lay(mirrored(state.orientation)),
    clearLines, setPreset,
    setInvert: (/** @type {boolean} */ invert) => change({ invert }),
    setTool: (/** @type {"pan" | "window" | "measure"} */ tool) => change({ tool }),
    setMode: (/** @type {"overlay" | "side" | "swipe"} */ mode) => change({ mode }),
    nextMode: () => change({ mode: MODES[(MODES.indexOf(state.mode) + 1) % MODES.length] }),
    setOpacity: (/** @type {number} */ opacity) => change({ opacity: Math.min(1, Math.max(0, opacity)) }),
    toggleOverlay: () => source?.heatmapUrl && setOverlay(state.finding ? null : lastFinding),
    getState: () => state,
    destroy: () => {
      opened?.close();
      source = opened = radiograph = heat = null;
      cancelAnimationFrame(frame);
      resized.disconnect();
      stopKeys();
      box.remove();
    },
  };

  listenToPointers(box, {
    zoom: zoomBy,
    pan: panBy,
    fit: refit,
    begin: (at) => {
      if (state.tool === "measure" && radiograph) drawing = { from: pointAt(at), to: pointAt(at), text: "" };
    },
    drag: (dx, dy, at) => {
      if (state.tool === "measure") drawTo(at);
      else if (state.tool === "window") change({ window: dragged(state.window, dx, dy) });
      else panBy(dx, dy);
    },
    end: endLine,
  });
  const stopKeys = listenToKeys(viewer);
  const resized = new ResizeObserver(() => change({}));
  element.append(box);
  resized.observe(box);
  describe();
  return viewer;
}
