/** The research view: a run's metrics, errors, operating points, calibration, subgroups, and its comparison with another. */

import { h, icon, replace } from "/static/dom.js";
import { calibrationPanel } from "/static/views/research/calibration.js";
import { comparisonPanel } from "/static/views/research/comparison.js";
import { confusionPanel } from "/static/views/research/confusion.js";
import { metricsPanel } from "/static/views/research/metrics.js";
import { subgroupsPanel } from "/static/views/research/subgroups.js";
import { thresholdPanel } from "/static/views/research/threshold.js";

/** What whoever runs the server does, so that there is something to see. */
const STEPS = ["neumo train experiments/transfer.yaml --data chest_xray --out runs/first", "neumo evaluate runs/first --split test", "neumo serve --runs runs"];

/** @typedef {import("/static/app.js").Context} Context */

/** @param {HTMLElement} root @param {Context} context */
export async function mount(root, context) {
  const { t, me, api, route } = context;
  if (me.research_missing) return replace(root, missing(context));
  const { runs } = await api.get("/api/runs");
  const evaluated = runs.filter((/** @type {any} */ run) => run.parts.length > 0);
  if (evaluated.length === 0) return replace(root, empty(t, t("research.no_runs"), t("research.no_runs_text")));
  const run = evaluated.find((/** @type {any} */ one) => one.name === route.query.get("run")) ?? evaluated[0];
  const part = run.parts.includes(route.query.get("part")) ? route.query.get("part") : run.parts.includes("test") ? "test" : run.parts[0];
  const path = `/api/runs/${encodeURIComponent(run.name)}`;
  const of = `part=${encodeURIComponent(part)}`;
  const [details, predictions, offer] = await Promise.all([api.get(path), api.get(`${path}/predictions?${of}`), api.get(`${path}/thresholds?${of}`)]);
  replace(root, h("div", { class: "page research" },
    heading(context, evaluated, run, part),
    predictions.synthetic && h("p", { class: "note warn" }, icon("warning"), t("research.synthetic")),
    metricsPanel(context, details.evaluations[part].evaluation),
    confusionPanel(context, { ...predictions, run: run.name }),
    thresholdPanel(context, offer),
    calibrationPanel(context, predictions),
    subgroupsPanel(context, run.name, part, predictions.attributes ?? []),
    comparisonPanel(context, evaluated, run.name, part),
  ));
}

/** @param {Context} context @param {any[]} runs @param {any} run @param {string} part */
function heading({ t, navigate }, runs, run, part) {
  const go = (/** @type {string} */ name, /** @type {string} */ of) => navigate(`/research?${new URLSearchParams({ run: name, part: of })}`);
  const choose = (/** @type {string} */ label, /** @type {string[]} */ names, /** @type {string} */ value, /** @type {(name: string) => void} */ act) =>
    h("label", { class: "field" }, h("span", {}, label), h("select", { class: "input", on: { change: (/** @type {any} */ event) => act(event.target.value) } }, names.map((name) => h("option", { value: name, selected: name === value }, name))));
  return h("header", { class: "row spread" },
    h("div", {}, h("h1", {}, run.name), h("p", { class: "quiet" }, t("research.run_text", { model: run.model ?? "?", epochs: run.epochs ?? "?", best: run.best_epoch ?? "?" }))),
    h("div", { class: "row" }, choose(t("research.run"), runs.map(({ name }) => name), run.name, (name) => go(name, part)), choose(t("research.part"), run.parts, part, (of) => go(run.name, of))),
  );
}

/** @param {Context} context */
function missing({ t, me }) {
  if (me.research_missing !== "runs") return empty(t, t("research.missing_title"), t("research.missing_extra_text", { extra: me.research_missing }));
  const steps = STEPS.map((command, index) => h("li", {}, t(`research.step_${index + 1}`), h("pre", {}, h("code", {}, command))));
  return h("div", { class: "page narrow" }, h("h1", {}, t("research.missing_title")), h("p", {}, t("research.missing_runs_text")), h("ol", { class: "steps" }, steps));
}

/** @param {Context["t"]} t @param {string} title @param {string} text */
function empty(t, title, text) {
  return h("div", { class: "empty" }, icon("archive"), h("h1", {}, title), h("p", {}, text), h("a", { class: "button", href: "/bundle" }, t("nav.bundle")));
}
