/** The operating-point explorer: move a threshold, and decisions, predictive values and costs follow at once. */

import { plot } from "/static/charts/plot.js";
import { h, replace } from "/static/dom.js";

/**
 * @typedef {{thresholds: number[], sensitivity: (number | null)[], specificity: (number | null)[], ppv: (number | null)[], npv: (number | null)[],
 *   counts: {tp: number[], fp: number[], tn: number[], fn: number[]}}} TradeOff as the API gives it; figures are null where undefined
 */

const METRICS = /** @type {const} */ (["sensitivity", "specificity", "ppv", "npv"]);

/** @param {import("/static/app.js").Context} context @param {TradeOff} offer */
export function thresholdPanel(context, offer) {
  const { t, format } = context;
  const { thresholds } = offer;
  const last = thresholds.length - 1;
  const state = { step: Math.round(last / 2), miss: 5, alarm: 1 };
  const chart = h("div");
  const figures = h("div", { class: "column" });
  const output = h("output");

  function draw() {
    const threshold = thresholds[state.step];
    output.textContent = format.number(threshold, 2);
    slider.setAttribute("aria-valuetext", format.number(threshold, 2));
    replace(chart, plot({
      label: t("research.threshold_plot"), x: t("research.threshold"), y: t("research.share"), cursor: threshold,
      lines: [{ kind: "first", points: thresholds.map((x, step) => [x, offer.sensitivity[step]]) }, { kind: "second", points: thresholds.map((x, step) => [x, offer.specificity[step]]) }],
    }));
    replace(figures, outcome(context, offer, state));
  }

  /** @param {"step" | "miss" | "alarm"} name @param {Record<string, any>} attributes */
  const control = (name, attributes) => h("input", { ...attributes, value: state[name], on: { input: (/** @type {any} */ event) => {
    state[name] = Number(event.target.value);
    draw();
  } } });
  const slider = control("step", { class: "slider", id: "threshold", type: "range", min: "0", max: String(last), step: "1" });

  draw();
  return h("section", { class: "panel" },
    h("div", { class: "head" }, h("h2", {}, t("research.explorer"))),
    h("div", { class: "body pair" },
      h("div", { class: "column" }, chart, legend(t, offer)),
      h("div", { class: "column" },
        h("div", { class: "field" }, h("label", { for: "threshold", class: "row spread" }, t("research.threshold_long"), output), slider),
        h("div", { class: "row" },
          h("label", { class: "field" }, h("span", {}, t("research.cost_miss")), control("miss", { class: "input", type: "number", min: "0", step: "any" })),
          h("label", { class: "field" }, h("span", {}, t("research.cost_alarm")), control("alarm", { class: "input", type: "number", min: "0", step: "any" }))),
        figures,
      ),
    ),
  );
}

/** @param {import("/static/app.js").Context} context @param {TradeOff} offer @param {{step: number, miss: number, alarm: number}} state */
function outcome({ t, format }, offer, { step, miss, alarm }) {
  const [tp, fp, tn, fn] = [offer.counts.tp[step], offer.counts.fp[step], offer.counts.tn[step], offer.counts.fn[step]];
  const cost = ((fn * miss + fp * alarm) / (tp + fp + tn + fn)) * 100;
  const shown = (/** @type {number | null} */ share) => (share === null ? t("research.undefined") : format.percent(share, 1));
  return [
    h("table", { class: "table" }, h("caption", { class: "unseen" }, t("research.explorer")),
      h("thead", {}, h("tr", {}, h("td"), h("th", { scope: "col", class: "number" }, t("research.flagged")), h("th", { scope: "col", class: "number" }, t("research.not_flagged")))),
      h("tbody", {},
        h("tr", {}, h("th", { scope: "row" }, t("research.with_pneumonia")), h("td", { class: "number", data: { count: "tp" } }, tp), h("td", { class: "number", data: { count: "fn" } }, fn)),
        h("tr", {}, h("th", { scope: "row" }, t("research.without_pneumonia")), h("td", { class: "number", data: { count: "fp" } }, fp), h("td", { class: "number", data: { count: "tn" } }, tn)))),
    h("dl", { class: "worth" }, METRICS.map((name) => h("div", { data: { figure: name } }, h("dt", {}, t(`reading.${name}`)), h("dd", {}, shown(offer[name][step]))))),
    h("p", { class: "quiet small" }, t("research.explorer_basis", { share: format.percent((tp + fn) / (tp + fp + tn + fn), 1), images: tp + fp + tn + fn })),
    h("p", {}, t("research.cost", { cost: format.number(cost, 1) })),
  ];
}

/** @param {import("/static/i18n.js").Translate} t @param {TradeOff} offer */
function legend(t, { sensitivity, specificity }) {
  return h("ul", { class: "small" },
    h("li", { class: "row" }, h("span", { class: "key" }), t("metrics.sensitivity")),
    h("li", { class: "row" }, h("span", { class: "key second" }), t("metrics.specificity")),
    [...sensitivity, ...specificity].includes(null) && h("li", {}, t("research.gap")));
}
