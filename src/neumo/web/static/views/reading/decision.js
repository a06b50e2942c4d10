/** The form of the person's decision, and the history of decisions; none is ever overwritten. */

import { h, icon, replace } from "/static/dom.js";

const FINDINGS = ["NORMAL", "BACTERIAL_PNEUMONIA", "VIRAL_PNEUMONIA"];

/**
 * @param {import("/static/app.js").Context} context
 * @param {any} reading
 * @param {(reading: any) => void} decided
 */
export function decisionSection(context, reading, decided) {
  const { t, me } = context;
  const open = reading.withheld || reading.finding === null;
  const problem = h("div", { class: "note bad", role: "alert", hidden: true });
  const findings = h("fieldset", { class: "choices findings", hidden: !open }, h("legend", {}, t("decision.finding")), findingChoices(t, open ? null : reading.finding));
  const note = h("label", { class: "field" }, h("span", {}, t("decision.note")), h("textarea", { class: "input", name: "note", rows: "2", maxlength: me.limits.note_characters }));
  const button = h("button", { class: "button primary", type: "submit" }, icon("check"), t(reading.decisions.length ? "decision.save_again" : "decision.save"));

  function follow() {
    const chosen = /** @type {HTMLInputElement | null} */ (form.querySelector("[name=decision]:checked"));
    findings.hidden = !open && chosen?.value !== "disagree";
  }

  /** @param {Event} event */
  async function save(event) {
    event.preventDefault();
    const data = new FormData(/** @type {HTMLFormElement} */ (form));
    const decision = open ? "finding" : data.get("decision");
    const finding = data.get("finding");
    if (!decision || (decision !== "agree" && !finding)) return showProblem(t(decision ? "decision.choose_finding" : "decision.choose"));
    button.setAttribute("disabled", "");
    try {
      const answer = await context.api.send("POST", `/api/readings/${reading.id}/decisions`,
        { decision, note: String(data.get("note") ?? ""), ...(decision === "agree" ? {} : { finding }) },
        { headers: { "If-Match": `"r${reading.revision}"` } });
      context.toast(t("decision.saved"));
      decided(answer.reading);
    } catch (error) {
      button.removeAttribute("disabled");
      failed(/** @type {import("/static/api.js").ApiError} */ (error));
    }
  }

  /** @param {import("/static/api.js").ApiError} error */
  function failed(error) {
    if (error.code === "decided_meanwhile") {
      reading.revision = error.problem.revision;
      reading.decisions = error.problem.decisions;
      replace(past, history(context, reading));
    }
    showProblem(error.message);
  }

  /** @param {string} text */
  function showProblem(text) {
    replace(problem, icon("warning"), h("span", {}, text));
    problem.hidden = false;
  }

  const past = h("div", {}, history(context, reading));
  const form = h("form", { class: "column decision", on: { submit: save, change: follow } }, !open && agreement(t), findings, note, problem, button);
  return h("section", { class: "section column" }, h("h3", {}, t("decision.title")), past, form);
}

/** @param {import("/static/i18n.js").Translate} t */
function agreement(t) {
  return h("fieldset", { class: "choices" }, h("legend", { class: "unseen" }, t("decision.title")),
    ["agree", "disagree"].map((value) => choice("decision", value, t(`decision.${value}`))));
}

/** @param {import("/static/i18n.js").Translate} t @param {string | null} without */
function findingChoices(t, without) {
  return FINDINGS.filter((finding) => finding !== without).map((finding) => choice("finding", finding, t(`findings.${finding}`), finding));
}

/** @param {string} name @param {string} value @param {string} label @param {string} [finding] */
function choice(name, value, label, finding) {
  return h("label", { class: "choice", data: finding ? { finding } : {} }, h("input", { type: "radio", name, value }), h("span", {}, label));
}

/** @param {import("/static/app.js").Context} context @param {any} reading */
function history({ t, format }, reading) {
  if (reading.decisions.length === 0) return null;
  return h("ol", { class: "history" }, reading.decisions.map((/** @type {any} */ decision) =>
    h("li", {},
      h("p", { class: "row" }, h("strong", {}, t(`findings.${decision.finding}`)), decision.agrees === null ? null : h("span", { class: "tag" }, t(decision.agrees ? "decision.agreed" : "decision.disagreed")), decision.blinded && h("span", { class: "tag" }, icon("hidden"), t("decision.blinded"))),
      decision.note && h("p", {}, decision.note),
      h("p", { class: "quiet small" }, `${decision.person} · ${format.time(decision.time)}`),
    ),
  ));
}
