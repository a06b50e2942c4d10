/** Predictive values of the operating point at a chosen prevalence. */

import { h, icon, replace } from "/static/dom.js";

const PAUSE = 60;

/**
 * @param {import("/static/app.js").Context} context
 * @param {any} reading
 * @param {(posterior: any) => void} onPosterior called with the posterior whenever it changes
 */
export function predictiveSection(context, reading, onPosterior) {
  if (!reading.probabilities) return null;
  const { t, me } = context;
  if (!reading.bundle.current) return h("section", { class: "section" }, h("h3", {}, t("reading.operating_point")), h("p", { class: "quiet" }, t("reading.other_bundle")));
  const own = 1 - me.bundle.priors.NORMAL;
  const state = { prevalence: me.prevalence ?? own, point: reading.operating_point, turn: 0, timer: 0 };
  const figures = h("div", { "aria-live": "polite" });
  const output = h("output", { class: "prevalence-figure" });

  async function draw() {
    const turn = ++state.turn;
    try {
      const query = new URLSearchParams({ prevalence: state.prevalence.toFixed(5), operating_point: state.point });
      const posterior = await context.api.get(`/api/readings/${reading.id}/posterior?${query}`);
      if (turn !== state.turn) return;
      replace(figures, worth(context, posterior));
      onPosterior({ ...posterior, own: Math.abs(state.prevalence - own) < 0.0006 });
    } catch (error) {
      replace(figures, h("p", { class: "note bad" }, icon("warning"), /** @type {Error} */ (error).message));
    }
  }

  /** @param {number} prevalence */
  function move(prevalence) {
    state.prevalence = prevalence;
    output.textContent = context.format.percent(prevalence, 1);
    clearTimeout(state.timer);
    state.timer = window.setTimeout(draw, PAUSE);
  }

  const slider = h("input", {
    class: "slider", type: "range", min: "-3", max: "3", step: "0.02", id: "prevalence", value: logit(state.prevalence),
    on: { input: (/** @type {any} */ event) => move(fromLogit(Number(event.target.value))) },
    ref: (/** @type {HTMLElement} */ element) => describe(element),
  });
  /** @param {HTMLElement} element */
  function describe(element) {
    const say = () => element.setAttribute("aria-valuetext", context.format.percent(state.prevalence, 1));
    element.addEventListener("input", say);
    say();
  }

  output.textContent = context.format.percent(state.prevalence, 1);
  draw();
  return h("section", { class: "section column" },
    h("h3", {}, t("reading.operating_point")),
    h("div", { class: "buttons", role: "group", "aria-label": t("reading.operating_point") }, pointButtons(context, state, draw)),
    h("div", { class: "field" }, h("label", { for: "prevalence", class: "row spread" }, t("reading.prevalence"), output), slider),
    figures,
  );
}

/** @param {import("/static/app.js").Context} context @param {any} state @param {() => void} draw */
function pointButtons({ t, me }, state, draw) {
  const buttons = me.operating_points.map((/** @type {any} */ point) =>
    h("button", { class: "button", type: "button", "aria-pressed": String(point.name === state.point), on: { click: () => choose(point.name) }, data: { point: point.name } }, pointName(t, point.name)),
  );
  /** @param {string} name */
  function choose(name) {
    state.point = name;
    buttons.forEach((/** @type {HTMLElement} */ button) => button.setAttribute("aria-pressed", String(button.dataset.point === name)));
    draw();
  }
  return buttons;
}

/** Name an operating point in the person's language. @param {import("/static/i18n.js").Translate} t @param {string} name */
export function pointName(t, name) {
  const key = `points.${name}`;
  return t(key) === key ? name.replaceAll("_", " ") : t(key);
}

/** @param {import("/static/app.js").Context} context @param {any} posterior */
function worth({ t, format }, posterior) {
  const percent = (/** @type {number | null} */ share) => (share === null ? "-" : format.percent(share, 1));
  const rows = [
    ["sensitivity", posterior.sensitivity], ["specificity", posterior.specificity],
    ["ppv", posterior.ppv], ["npv", posterior.npv],
  ];
  return [
    h("p", {}, h("strong", {}, t(posterior.pneumonia ? "reading.above" : "reading.below")), " ", t("reading.threshold", { threshold: format.number(posterior.threshold, 3) })),
    h("dl", { class: "worth" }, rows.map(([name, share]) => h("div", { data: { figure: name } }, h("dt", {}, h("abbr", { title: t(`reading.${name}_long`) }, t(`reading.${name}`))), h("dd", {}, percent(share))))),
    h("p", { class: "quiet small" }, t(posterior.pneumonia ? "reading.worth_above" : "reading.worth_below", { share: percent(posterior.pneumonia ? posterior.ppv : posterior.npv), prevalence: percent(posterior.prevalence) })),
  ];
}

/** @param {number} share */
function logit(share) {
  return Math.log10(share / (1 - share));
}

/** @param {number} value */
function fromLogit(value) {
  return 1 / (1 + 10 ** -value);
}
