/** Operating point and prevalence of one reading, and how well its answer holds at both. */

import { h, icon, replace } from "/static/dom.js";
import { pointName } from "/static/views/reading/points.js";

/** A hand that moves on: what it passes is neither asked for nor recorded. */
const PAUSE = 250;
const UNSET = 0;

/**
 * @typedef {{prevalence: number | null, point: string | null}} Chosen what was chosen for this reading alone; null: the site's own
 */

/**
 * @param {import("/static/app.js").Context} context
 * @param {any} reading
 * @param {Chosen} chosen changed in place
 * @param {(posterior: any) => void} onPosterior called with the posterior whenever it changes
 */
export function predictiveSection(context, reading, chosen, onPosterior) {
  if (!reading.probabilities) return null;
  const { t } = context;
  if (!reading.bundle.current) return h("section", { class: "section" }, h("h3", {}, t("reading.operating_point")), h("p", { class: "quiet" }, t("reading.other_bundle")));
  const figures = h("div", { "aria-live": "polite" });
  const waiting = { turn: 0, timer: 0 };

  async function draw() {
    const turn = ++waiting.turn;
    try {
      const posterior = await context.api.get(`/api/readings/${reading.id}/posterior?${queryOf(chosen)}`);
      if (turn !== waiting.turn) return;
      replace(figures, worth(context, posterior));
      field.show(posterior);
      onPosterior(posterior);
    } catch (error) {
      replace(figures, h("p", { class: "note bad" }, icon("warning"), /** @type {Error} */ (error).message));
    }
  }

  /** @param {number} pause */
  function later(pause) {
    clearTimeout(waiting.timer);
    waiting.timer = window.setTimeout(draw, pause);
  }

  const field = prevalenceField(context, chosen, later);
  const element = h("section", { class: "section column" },
    h("h3", {}, t("reading.operating_point")),
    h("div", { class: "buttons", role: "group", "aria-label": t("reading.operating_point") }, pointButtons(context, reading, chosen, draw)),
    field.element,
    figures,
  );
  draw();
  return element;
}

/**
 * Return what was chosen for a reading as the API and the page's address state it.
 * @param {Chosen} chosen
 */
export function queryOf(chosen) {
  const query = new URLSearchParams();
  if (chosen.prevalence !== null) query.set("prevalence", chosen.prevalence.toFixed(5));
  if (chosen.point !== null) query.set("operating_point", chosen.point);
  return query;
}

/**
 * Return what the page's address chooses for its reading; nothing for one whose answer cannot be stated otherwise.
 * @param {any} reading
 * @returns {Chosen}
 */
export function chosenFor(reading) {
  if (!reading.probabilities || !reading.bundle.current) return { prevalence: null, point: null };
  const query = new URLSearchParams(location.search);
  const prevalence = Number(query.get("prevalence"));
  return { prevalence: prevalence > 0 && prevalence < 1 ? prevalence : null, point: query.get("operating_point") };
}

/**
 * The slider: at the reading's prevalence, or unset where none was stated, and why.
 * @param {import("/static/app.js").Context} context @param {Chosen} chosen @param {(pause: number) => void} changed
 */
function prevalenceField({ t, format }, chosen, changed) {
  const output = h("output", { class: "prevalence-figure", for: "prevalence" });
  const why = h("p", { class: "quiet small" });
  const slider = /** @type {HTMLInputElement} */ (h("input", {
    class: "slider", type: "range", min: "-3", max: "3", step: "0.02", id: "prevalence", value: UNSET,
    on: { input: (/** @type {any} */ event) => move(fromLogit(Number(event.target.value))) },
  }));
  const back = h("button", { class: "button plain", type: "button", hidden: true, on: { click: reset } }, t("reading.prevalence_back"));

  /** @param {number} prevalence */
  function move(prevalence) {
    chosen.prevalence = prevalence;
    say(prevalence);
    changed(PAUSE);
  }

  function reset() {
    chosen.prevalence = null;
    changed(0);
  }

  /** @param {number | null} prevalence */
  function say(prevalence) {
    output.textContent = prevalence === null ? t("reading.prevalence_unset") : format.percent(prevalence, 1);
    slider.classList.toggle("unset", prevalence === null);
    slider.setAttribute("aria-valuetext", output.textContent);
    back.hidden = chosen.prevalence === null;
  }

  return {
    element: h("div", { class: "field" }, h("label", { for: "prevalence", class: "row spread" }, t("reading.prevalence"), output), slider, why, back),
    /** @param {any} posterior */
    show(posterior) {
      slider.value = String(posterior.prevalence === null ? UNSET : logit(posterior.prevalence));
      say(posterior.prevalence);
      why.textContent = t(chosen.prevalence !== null ? "reading.prevalence_chosen" : posterior.prevalence === null ? "reading.prevalence_none" : "reading.prevalence_site");
    },
  };
}

/** @param {import("/static/app.js").Context} context @param {any} reading @param {Chosen} chosen @param {() => void} draw */
function pointButtons({ t, me }, reading, chosen, draw) {
  const buttons = me.operating_points.map((/** @type {any} */ point) =>
    h("button", { class: "button", type: "button", "aria-pressed": String(point.name === (chosen.point ?? reading.operating_point)), on: { click: () => choose(point.name) }, data: { point: point.name } }, pointName(t, point.name)),
  );
  /** @param {string} name */
  function choose(name) {
    chosen.point = name === reading.operating_point ? null : name;
    buttons.forEach((/** @type {HTMLElement} */ button) => button.setAttribute("aria-pressed", String(button.dataset.point === name)));
    draw();
  }
  return buttons;
}

/** @param {import("/static/app.js").Context} context @param {any} posterior */
function worth({ t, format }, posterior) {
  const rows = posterior.leading;
  return [
    h("p", {}, h("strong", {}, t(posterior.pneumonia ? "reading.above" : "reading.below")), " ", t("reading.threshold", { threshold: format.number(posterior.threshold, 3) })),
    rows.length > 0 && h("dl", { class: "worth" }, rows.map((/** @type {any} */ entry) => h("div", { data: { figure: entry.metric } },
      h("dt", {}, h("abbr", { title: t(`reading.${entry.metric}_long`) }, t(`reading.${entry.metric}`))),
      h("dd", {}, format.percent(entry.value, 1), entry.low !== null && h("span", { class: "interval" }, format.interval(entry.low, entry.high))),
    ))),
    rows.length > 0 && h("p", { class: "quiet small" }, t("reading.measured_on", { data: rows[0].data_name })),
    posterior.sentences.performance.map((/** @type {string} */ sentence) => h("p", { class: "quiet small" }, sentence)),
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
