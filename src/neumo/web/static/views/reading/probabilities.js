/** Calibrated probabilities as bars with their numbers. */

import { h } from "/static/dom.js";

const FINDINGS = ["NORMAL", "BACTERIAL_PNEUMONIA", "VIRAL_PNEUMONIA"];

/**
 * @param {import("/static/app.js").Context} context
 * @param {any} reading
 * @returns {{element: HTMLElement, show: (posterior: any) => void} | null} `show` draws the probabilities at another prevalence
 */
export function probabilitiesSection({ t, format }, reading) {
  if (!reading.probabilities) return null;
  const bars = FINDINGS.map((finding) => bar(t, format, finding, reading));
  const basis = h("p", { class: "quiet small" }, t("reading.calibrated"));
  const element = h("section", { class: "section" },
    h("h3", {}, t("reading.probabilities")),
    h("dl", { class: "bars" }, bars.map(({ elements }) => elements)),
    basis,
  );
  return {
    element,
    show: (posterior) => {
      bars.forEach(({ show }, index) => show(posterior.probabilities[FINDINGS[index]]));
      basis.textContent = posterior.own ? t("reading.calibrated") : t("reading.reweighted", { prevalence: format.percent(posterior.prevalence, 1) });
    },
  };
}

/** @param {import("/static/i18n.js").Translate} t @param {import("/static/i18n.js").Format} format @param {string} finding @param {any} reading */
function bar(t, format, finding, reading) {
  const figure = h("span", { class: "bar-figure" });
  const fill = h("span");
  /** @param {number} share */
  function show(share) {
    figure.textContent = format.percent(share, 1);
    fill.style.setProperty("--share", String(share));
  }
  show(reading.probabilities[finding]);
  const kept = reading.prediction_set?.includes(finding);
  const elements = [
    h("dt", { data: { finding } }, t(`findings.${finding}`), kept && h("span", { class: "in-set", title: t("reading.in_set") }, "●", h("span", { class: "unseen" }, ` (${t("reading.in_set")})`))),
    h("dd", { data: { finding } }, h("span", { class: "meter", "aria-hidden": "true" }, fill), figure),
  ];
  return { elements, show };
}
