/** The answer in words: verdict, etiology and prediction set, or why there is none. */

import { h, icon, replace } from "/static/dom.js";
import { pointInWords } from "/static/views/reading/points.js";

/** Colours say no more than the words: a finding has its colour only where the verdict states it. */
const COLOURED = /** @type {Record<string, string>} */ ({ "no_pneumonia.none": "NORMAL", "pneumonia.bacterial": "BACTERIAL_PNEUMONIA", "pneumonia.viral": "VIRAL_PNEUMONIA" });

/** Return the finding whose colour an answer has; "" for none. @param {any} answer */
export function colourOf(answer) {
  return COLOURED[`${answer.verdict}.${answer.etiology ?? "none"}`] ?? "";
}

/** Name the verdict, and the etiology where it is known: of purged readings it is not. @param {import("/static/i18n.js").Translate} t @param {any} answer */
export function verdictWords(t, answer) {
  const key = `verdict.${answer.verdict}.${answer.etiology ?? "none"}`;
  return t(key) === key ? t(`worklist.verdict_${answer.verdict}`) : t(key);
}

/**
 * @param {import("/static/app.js").Context} context @param {any} reading
 * @returns {{element: HTMLElement, show: (answer: any) => void}} `show` states the answer at another prevalence or operating point
 */
export function verdictSection(context, reading) {
  const { t } = context;
  const fixed = (/** @type {HTMLElement} */ element) => ({ element, show: () => {} });
  if (reading.status === "failed" && !reading.purged) return fixed(unanswered("refused", t("reading.failed_title"), t("reading.failed_text")));
  if (reading.withheld) return fixed(unanswered("hidden", t("reading.withheld_title"), t("reading.withheld_text")));
  if (reading.finding === null) return fixed(unanswered("refused", t("reading.refused_title"), t(reading.purged ? "reading.purged_text" : "reading.refused_text")));
  if (reading.purged) return fixed(unanswered("archive", verdictWords(t, reading), t("reading.purged_text")));
  const element = h("section", { class: "section verdict" });

  /** @param {any} answer */
  function show(answer) {
    element.dataset.finding = colourOf(answer);
    replace(element,
      h("h2", { class: "verdict-finding" }, verdictWords(t, answer)),
      h("p", {}, capital(setInWords(context, answer))),
      h("p", { class: "quiet" }, t(answer.pneumonia ? "reading.at_point_above" : "reading.at_point_below", { point: pointInWords(t, answer.operating_point) })),
    );
  }

  show(reading);
  return { element, show: (answer) => show({ ...reading, ...answer }) };
}

/**
 * Say in words which findings cannot be ruled out.
 * @param {import("/static/app.js").Context} context
 * @param {any} reading
 */
export function setInWords({ t, format }, reading) {
  const names = reading.prediction_set.map((/** @type {string} */ finding) => t(`findings.${finding}`).toLocaleLowerCase());
  const coverage = format.percent(reading.coverage);
  if (names.length === 1) return t("reading.set_one", { finding: names[0], coverage });
  if (names.length === 3) return t("reading.set_all", { coverage });
  return t("reading.set_two", { first: names[0], second: names[1], coverage });
}

/** @param {string} text */
function capital(text) {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}

/** @param {string} sign @param {string} title @param {string} text */
function unanswered(sign, title, text) {
  return h("section", { class: "section verdict" }, h("h2", { class: "verdict-finding row" }, icon(sign), title), h("p", {}, text));
}
