/** The operating-point explorer: move a threshold, and decisions, predictive values and costs follow at once. */

import { plot } from "/static/charts/plot.js";
import { h, replace } from "/static/dom.js";
import { counted } from "/static/views/research/binary.js";

const GRID = Array.from({ length: 101 }, (_, index) => index / 100);

/** @param {import("/static/app.js").Context} context @param {any} predictions */
export function thresholdPanel(context, predictions) {
  const { t, format } = context;
  const curve = GRID.map((threshold) => shares(counted(predictions, threshold)));
  const state = { threshold: 0.5, miss: 5, alarm: 1 };
  const chart = h("div");
  const figures = h("div", { class: "column" });
  const output = h("output");

  function draw() {
    output.textContent = format.number(state.threshold, 2);
    replace(chart, plot({
      label: t("research.threshold_plot"), x: t("research.threshold"), y: t("research.share"), cursor: state.threshold,
      lines: [{ kind: "first", points: GRID.map((x, index) => [x, curve[index].sensitivity ?? 0]) }, { kind: "second", points: GRID.map((x, index) => [x, curve[index].specificity ?? 0]) }],
    }));
    replace(figures, outcome(context, counted(predictions, state.threshold), state));
  }

  /** @param {"threshold" | "miss" | "alarm"} name @param {Record<string, any>} attributes */
  const control = (name, attributes) => h("input", { ...attributes, value: state[name], on: { input: (/** @type {any} */ event) => {
    state[name] = Number(event.target.value);
    draw();
  } } });

  draw();
  return h("section", { class: "panel" },
    h("div", { class: "head" }, h("h2", {}, t("research.explorer"))),
    h("div", { class: "body pair" },
      h("div", { class: "column" }, chart, legend(t)),
      h("div", { class: "column" },
        h("div", { class: "field" }, h("label", { for: "threshold", class: "row spread" }, t("research.threshold_long"), output), control("threshold", { class: "slider", id: "threshold", type: "range", min: "0", max: "1", step: "0.01" })),
        h("div", { class: "row" },
          h("label", { class: "field" }, h("span", {}, t("research.cost_miss")), control("miss", { class: "input", type: "number", min: "0", step: "any" })),
          h("label", { class: "field" }, h("span", {}, t("research.cost_alarm")), control("alarm", { class: "input", type: "number", min: "0", step: "any" }))),
        figures,
      ),
    ),
  );
}

/** @param {import("/static/views/research/binary.js").Counts} counts */
function shares({ tp, fp, tn, fn }) {
  const share = (/** @type {number} */ part, /** @type {number} */ other) => (part + other ? part / (part + other) : null);
  return { sensitivity: share(tp, fn), specificity: share(tn, fp), ppv: share(tp, fp), npv: share(tn, fn) };
}

/** @param {import("/static/app.js").Context} context @param {import("/static/views/research/binary.js").Counts} counts @param {{miss: number, alarm: number}} costs */
function outcome({ t, format }, counts, costs) {
  const total = counts.tp + counts.fp + counts.tn + counts.fn;
  const cost = ((counts.fn * costs.miss + counts.fp * costs.alarm) / total) * 100;
  return [
    h("table", { class: "table" }, h("caption", { class: "unseen" }, t("research.explorer")),
      h("thead", {}, h("tr", {}, h("td"), h("th", { scope: "col", class: "number" }, t("research.called")), h("th", { scope: "col", class: "number" }, t("research.not_called")))),
      h("tbody", {},
        h("tr", {}, h("th", { scope: "row" }, t("research.ill")), h("td", { class: "number", data: { count: "tp" } }, counts.tp), h("td", { class: "number", data: { count: "fn" } }, counts.fn)),
        h("tr", {}, h("th", { scope: "row" }, t("research.healthy")), h("td", { class: "number", data: { count: "fp" } }, counts.fp), h("td", { class: "number", data: { count: "tn" } }, counts.tn)))),
    h("dl", { class: "worth" }, Object.entries(shares(counts)).map(([name, share]) => h("div", {}, h("dt", {}, t(`reading.${name}`)), h("dd", {}, share === null ? "–" : format.percent(share, 1))))),
    h("p", {}, t("research.cost", { cost: format.number(cost, 1) })),
  ];
}

/** @param {import("/static/i18n.js").Translate} t */
function legend(t) {
  return h("ul", { class: "small" }, h("li", { class: "row" }, h("span", { class: "key" }), t("figures.sensitivity")), h("li", { class: "row" }, h("span", { class: "key second" }), t("figures.specificity")));
}
