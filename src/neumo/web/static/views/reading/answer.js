/** The panel beside the radiograph: finding, probabilities, predictive values, and the person's decision. */

import { h, replace } from "/static/dom.js";
import { decisionSection } from "/static/views/reading/decision.js";
import { noticesSection } from "/static/views/reading/notices.js";
import { chosenFor, predictiveSection, queryOf } from "/static/views/reading/predictive.js";
import { probabilitiesSection } from "/static/views/reading/probabilities.js";
import { removalSection } from "/static/views/reading/removal.js";
import { resultsSection } from "/static/views/reading/results.js";
import { verdictSection } from "/static/views/reading/verdict.js";

/**
 * @param {HTMLElement} place
 * @param {import("/static/app.js").Context} context
 * @param {any} reading answer of `GET /api/readings/{id}`
 * @param {(reading: any) => void} decided called with the reading after a decision
 */
export function drawAnswer(place, context, reading, decided) {
  const bars = probabilitiesSection(context, reading);
  const verdict = verdictSection(context, reading);
  const chosen = chosenFor(reading);
  replace(place,
    heading(context, reading),
    verdict.element,
    noticesSection(context, reading),
    bars?.element,
    decisionSection(context, reading, decided),
    !reading.purged && predictiveSection(context, reading, chosen, (posterior) => {
      bars?.show(posterior);
      verdict.show(posterior);
      keepInAddress(chosen);
    }),
    !reading.purged && resultsSection(context, reading, chosen),
    removalSection(context, reading),
  );
}

/** Let the page's address say what was chosen for its reading, so that it survives a reload. @param {import("/static/views/reading/predictive.js").Chosen} chosen */
function keepInAddress(chosen) {
  const others = [...new URLSearchParams(location.search)].filter(([name]) => !["prevalence", "operating_point"].includes(name));
  const query = new URLSearchParams([...others, ...queryOf(chosen)]).toString();
  history.replaceState(history.state, "", location.pathname + (query && `?${query}`));
}

/** @param {import("/static/app.js").Context} context @param {any} reading */
function heading({ t, format }, reading) {
  return h("header", { class: "section answer-head" },
    h("p", { class: "answer-file" }, reading.file || t("reading.purged_file")),
    h("p", { class: "quiet small" }, `${t("reading.reading")} ${reading.id} · ${format.time(reading.time)}`),
  );
}
