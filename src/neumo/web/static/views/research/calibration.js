/** Calibration: predicted against observed pneumonia. */

import { plot } from "/static/charts/plot.js";
import { scrolling } from "/static/controls.js";
import { h } from "/static/dom.js";

/**
 * @typedef {{truth: string[], probabilities: number[][]}} Predictions
 * @typedef {{low: number, high: number, count: number, predicted: number, observed: number}} Bin
 */

/** @param {import("/static/app.js").Context} context @param {any} predictions */
export function calibrationPanel({ t, format }, predictions) {
  const bins = reliability(predictions);
  const largest = Math.max(...bins.map(({ count }) => count), 1);
  const chart = plot({
    label: t("research.calibration_plot"), x: t("research.predicted"), y: t("research.observed"),
    lines: [{ kind: "even", points: [[0, 0], [1, 1]] }, { kind: "first", points: bins.map(({ predicted, observed }) => [predicted, observed]) }],
    dots: bins.map(({ predicted, observed, count }) => ({ at: [predicted, observed], weight: count / largest })),
  });
  const table = h("table", { class: "table" },
    h("thead", {}, h("tr", {}, ["bin", "images", "predicted", "observed"].map((name) => h("th", { scope: "col", class: "number" }, t(`research.${name}`))))),
    h("tbody", {}, bins.map(({ low, high, count, predicted, observed }) => h("tr", {}, [`${format.percent(low)} – ${format.percent(high)}`, format.number(count), format.percent(predicted, 1), format.percent(observed, 1)].map((text) => h("td", { class: "number" }, text))))));
  return h("section", { class: "panel" }, h("div", { class: "head" }, h("h2", {}, t("research.calibration"))), h("div", { class: "body pair" }, chart, scrolling(t("research.calibration"), table)));
}

/**
 * Compare predicted with observed pneumonia in bins of equal width.
 * @param {Predictions} predictions @param {number} [bins] @returns {Bin[]} without empty ones
 */
function reliability({ truth, probabilities }, bins = 10) {
  const sums = Array.from({ length: bins }, () => ({ count: 0, predicted: 0, observed: 0 }));
  probabilities.forEach(([normal], index) => {
    const bin = sums[Math.min(bins - 1, Math.floor((1 - normal) * bins))];
    bin.count += 1;
    bin.predicted += 1 - normal;
    bin.observed += truth[index] === "NORMAL" ? 0 : 1;
  });
  return sums
    .map(({ count, predicted, observed }, index) => ({ low: index / bins, high: (index + 1) / bins, count, predicted: predicted / count, observed: observed / count }))
    .filter(({ count }) => count > 0);
}
