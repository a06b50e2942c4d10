/** The viewer's toolbar. It shows the state of the viewer's `change` events, so that keys and buttons agree. */

import { square } from "/static/controls.js";
import { h, replace } from "/static/dom.js";
import { PRESETS } from "/static/viewer/window_level.js";

/** @typedef {import("/static/app.js").Context} Context */

/**
 * @param {Context} context
 * @param {any} viewer
 * @param {HTMLElement} source of the `change` events
 */
export function createToolbar({ t }, viewer, source) {
  const tools = toggles("tool", [["window", "window"], ["pan", "pan"], ["measure", "measure"]], viewer.setTool, t);
  const modes = toggles("mode", [["overlay", "overlay"], ["side", "side"], ["swipe", "swipe"]], viewer.setMode, t);
  const invert = square("invert", t("viewer.invert"), () => viewer.setInvert(!viewer.getState().invert));
  const preset = /** @type {HTMLSelectElement} */ (h("select", { class: "input preset", "aria-label": t("viewer.preset"), on: { change: choosePreset } },
    h("option", { value: "" }, t("viewer.preset")), PRESETS.map((name, index) => h("option", { value: name }, `${t(`viewer.preset_${name}`)} (${index + 1})`))));
  function choosePreset() {
    viewer.setPreset(preset.value);
    preset.value = "";
  }
  const finding = /** @type {HTMLSelectElement} */ (h("select", { class: "input", "aria-label": t("viewer.heatmap"), on: { change: () => viewer.setOverlay(finding.value || null) } }));
  const opacity = /** @type {HTMLInputElement} */ (h("input", { class: "slider", type: "range", min: "0", max: "100", step: "5", "aria-label": t("viewer.opacity"), on: { input: () => viewer.setOpacity(Number(opacity.value) / 100) } }));
  const maps = h("div", { class: "toolbar-group", hidden: true }, finding, opacity, modes.element);
  const element = h("div", { class: "toolbar", role: "toolbar", "aria-label": t("viewer.tools") },
    h("div", { class: "toolbar-group" },
      tools.element,
      h("div", { class: "buttons" },
        square("minus", t("viewer.smaller"), () => viewer.zoomBy(0.8)),
        square("plus", t("viewer.larger"), () => viewer.zoomBy(1.25)),
        square("fit", t("viewer.fit"), viewer.fit),
        h("button", { class: "button square", type: "button", "aria-label": t("viewer.actual"), title: t("viewer.actual"), on: { click: viewer.actual } }, "1:1"),
      ),
      preset,
      h("div", { class: "buttons" },
        invert,
        square("turn_left", t("viewer.turn_left"), () => viewer.turn(-1)),
        square("turn_right", t("viewer.turn_right"), () => viewer.turn(1)),
        square("mirror", t("viewer.mirror"), viewer.mirror),
        square("reset", t("viewer.reset"), viewer.reset),
      ),
    ),
    maps,
  );

  /** @param {any} state */
  function show(state) {
    tools.mark(state.tool);
    modes.mark(state.mode);
    invert.setAttribute("aria-pressed", String(state.invert));
    finding.value = state.finding ?? "";
    opacity.value = String(Math.round(state.opacity * 100));
    const bare = state.finding === null;
    opacity.disabled = bare;
    modes.element.querySelectorAll("button").forEach((button) => (button.disabled = bare));
  }

  source.addEventListener("change", (event) => show(/** @type {CustomEvent} */ (event).detail));
  show(viewer.getState());
  return {
    element,
    /** Offer the heat maps of these findings. @param {string[]} findings */
    offer: (findings) => {
      maps.hidden = findings.length === 0;
      replace(finding, h("option", { value: "" }, t("viewer.no_overlay")), findings.map((name) => h("option", { value: name }, t("viewer.overlay_of", { finding: t(`findings_short.${name}`) }))));
    },
  };
}

/** @param {string} group @param {string[][]} entries @param {(name: any) => void} choose @param {Context["t"]} t */
function toggles(group, entries, choose, t) {
  const buttons = entries.map(([name, sign]) => Object.assign(square(sign, t(`viewer.${name}`), () => choose(name)), { value: name }));
  return {
    element: h("div", { class: "buttons", role: "group", "aria-label": t(`viewer.${group}`) }, buttons),
    mark: (/** @type {string} */ current) => buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.value === current))),
  };
}
