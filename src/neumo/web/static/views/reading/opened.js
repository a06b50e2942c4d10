/** An opened reading: the radiograph in the middle, the answer and the decision on the right. */

import { h, replace } from "/static/dom.js";
import { drawAnswer } from "/static/views/reading/answer.js";
import { patientHead } from "/static/views/reading/patient.js";
import { createPriors } from "/static/views/reading/priors.js";
import { createStage } from "/static/views/reading/stage.js";

/** @param {HTMLElement} root @param {import("/static/app.js").Context} context @param {number} id @param {any} rail */
export async function drawReading(root, context, id, rail) {
  const { api, t, title } = context;
  let reading = await api.get(`/api/readings/${id}`);
  title(`${t("reading.reading")} ${id}`); // browsers keep titles in their history, and a file's name may name a patient
  const stage = createStage(context);
  const answer = h("aside", { class: "answer panel", "aria-label": t("reading.answer"), tabindex: "0" });
  rail.element.querySelector(".rail-lists").prepend(createPriors(context, reading));
  replace(root,
    h("div", { class: "desk" },
      rail.element,
      h("section", { class: "stage-place", "aria-label": t("reading.radiograph") }, h("h1", { class: "unseen" }, `${t("reading.reading")} ${id}: ${reading.file}`), patientHead(context, reading), stage.element),
      answer,
    ),
  );

  /** @param {any} next */
  function show(next) {
    reading = next;
    stage.load(reading);
    drawAnswer(answer, context, reading, (after) => {
      show(after);
      rail.refresh();
    });
  }

  show(reading);
  return stage.destroy;
}
