/** Calibrated probabilities as bars with their numbers. */

import { h } from "/static/dom.js";

/** What an answer may state, in order; only NORMAL and PNEUMONIA where the etiology is not assessed. */
const OUTCOMES = ["NORMAL", "PNEUMONIA", "BACTERIAL_PNEUMONIA", "VIRAL_PNEUMONIA"];

/**
 * @param {import("/static/app.js").Context} context
 * @param {any} reading
 * @returns {{element: HTMLElement, show: (posterior: any) => void} | null} `show` draws the probabilities at another prevalence
 */
export function probabilitiesSection({ t, format }, reading) {
  if (!reading.probabilities) return null;
  const bars = OUTCOMES.filter((outcome) => outcome in reading.probabilities).map((finding) => bar(t, format, finding, reading));
  const basis = h("p", { class: "quiet small" }, basisOf(t, reading));
  const element = h("section", { class: "section" },
    h("h3", {}, t("reading.probabilities")),
    h("dl", { class: "bars" }, bars.map(({ elements }) => elements)),
    basis,
  );
  return {
    element,
    show: (posterior) => {
      bars.forEach(({ show }) => show(posterior));
      basis.textContent = basisOf(t, posterior);
    },
  };
}

/** Say what prevalence the probabilities are for. @param {import("/static/i18n.js").Translate} t @param {any} answer */
function basisOf(t, answer) {
  return [answer.sentences?.prevalence, answer.prediction_set && t("reading.set_mark")].filter(Boolean).join(" ");
}

/** @param {import("/static/i18n.js").Translate} t @param {import("/static/i18n.js").Format} format @param {string} finding @param {any} reading */
function bar(t, format, finding, reading) {
  const figure = h("span", { class: "bar-figure" });
  const fill = h("span");
  const mark = h("span", { class: "in-set", title: t("reading.in_set") }, "●", h("span", { class: "unseen" }, ` (${t("reading.in_set")})`));
  const elements = [
    h("dt", { data: { finding } }, t(`findings.${finding}`), mark),
    h("dd", { data: { finding } }, h("span", { class: "meter", "aria-hidden": "true" }, fill), figure),
  ];
  /** @param {any} answer */
  function show(answer) {
    const share = answer.probabilities[finding];
    figure.textContent = format.percent(share, 1);
    fill.style.setProperty("--share", String(share));
    mark.hidden = !answer.prediction_set?.includes(finding);
  }
  show(reading);
  return { elements, show };
}
