/** The form of the person's decision, and the history of decisions; none is ever overwritten. */

import { tooLong } from "/static/controls.js";
import { h, icon, replace } from "/static/dom.js";
import { isAway, postDecision } from "/static/unsent.js";
import { sendButton, signature } from "/static/views/reading/verification.js";

const CONCLUSIONS = ["NORMAL", "BACTERIAL_PNEUMONIA", "VIRAL_PNEUMONIA", "PNEUMONIA", "OTHER_ABNORMAL", "INADEQUATE_IMAGE", "WRONG_IMAGE"];
const DRAFTS = { device: "decision.draft", server: "decision.draft_server", page: "decision.draft_page" };
const COLOURED = CONCLUSIONS.slice(0, 3);

/**
 * @param {import("/static/app.js").Context} context
 * @param {any} reading
 * @param {(reading: any) => void} decided
 */
export function decisionSection(context, reading, decided) {
  const { t, me, unsent } = context;
  const past = h("div", {}, history(context, reading));
  // Of a purged reading there is nothing left to decide on.
  if (!me.decides || reading.purged) return h("section", { class: "section column" }, h("h3", {}, t("decision.title_others")), past, !me.decides && h("p", { class: "quiet small" }, t("decision.not_yours")));
  let touched = false;
  const state = h("p", { class: "quiet small draft", role: "status" });
  const problem = h("div", { class: "note bad", role: "alert", hidden: true });
  const abnormality = /** @type {HTMLInputElement} */ (h("input", { class: "input", name: "abnormality" }));
  const which = h("label", { class: "field", hidden: true }, h("span", {}, t("decision.abnormality")), abnormality);
  const noteText = /** @type {HTMLTextAreaElement} */ (h("textarea", { class: "input", name: "note", rows: "2" }));
  const note = h("label", { class: "field" }, h("span", {}, t("decision.note")), noteText);
  const button = h("button", { class: "button primary", type: "submit" }, icon("check"), t(reading.decisions.length ? "decision.save_again" : "decision.save"));

  /** @returns {import("/static/unsent.js").Typed} */
  function typed() {
    const conclusion = new FormData(/** @type {HTMLFormElement} */ (form)).get("conclusion");
    return { conclusion: conclusion === null ? null : String(conclusion), abnormality: abnormality.value, note: noteText.value };
  }

  function follow() {
    which.hidden = typed().conclusion !== "OTHER_ABNORMAL";
  }

  async function keep() {
    follow();
    touched = true;
    try {
      const kept = await unsent.keep(reading, typed());
      state.textContent = kept === null ? "" : t(DRAFTS[kept]);
    } catch {
      state.textContent = t("decision.draft_failed");
    }
  }

  /** Show what was typed before. */
  async function restore() {
    const kept = await unsent.load(reading);
    if (!kept || touched) return;
    const choice = /** @type {HTMLInputElement | null} */ (form.querySelector(`[name=conclusion][value="${kept.typed.conclusion}"]`));
    if (choice) choice.checked = true;
    abnormality.value = kept.typed.abnormality;
    noteText.value = kept.typed.note;
    follow();
    if (kept.waiting) showWaiting();
    else state.textContent = t("decision.restored");
  }

  /** @param {Event} event */
  async function save(event) {
    event.preventDefault();
    const values = typed();
    if (!values.conclusion) return showProblem(t("decision.choose"));
    if (values.conclusion === "OTHER_ABNORMAL" && !values.abnormality.trim()) {
      abnormality.focus();
      return showProblem(t("decision.name_abnormality"));
    }
    const excess = tooLong(t, abnormality, t("decision.abnormality"), me.limits.abnormality_characters) || tooLong(t, noteText, t("decision.note"), me.limits.note_characters);
    if (excess) return showProblem(excess);
    button.setAttribute("disabled", "");
    try {
      const answer = await postDecision(context.api, reading.id, reading.revision, values);
      await unsent.drop(reading);
      context.toast(t("decision.saved"));
      decided(answer.reading);
    } catch (error) {
      button.removeAttribute("disabled");
      if (!isAway(error)) return failed(/** @type {import("/static/api.js").ApiError} */ (error));
      await unsent.wait(reading, values);
      showWaiting();
    }
  }

  function showWaiting() {
    state.textContent = "";
    replace(problem, icon("warning"), h("div", { class: "column" },
      h("span", {}, t(unsent.lasting ? "decision.waiting" : "decision.waiting_page")),
      h("button", { class: "button", type: "button", on: { click: withdraw } }, t("decision.withdraw"))));
    problem.hidden = false;
  }

  async function withdraw() {
    problem.hidden = true;
    await keep();
  }

  /** @param {import("/static/api.js").ApiError} error */
  function failed(error) {
    if (error.code === "decided_meanwhile") {
      reading.revision = error.problem.revision;
      reading.decisions = error.problem.decisions ?? [];
      replace(past, history(context, reading));
    }
    showProblem(error.message);
  }

  /** @param {string} text */
  function showProblem(text) {
    replace(problem, icon("warning"), h("span", {}, text));
    problem.hidden = false;
  }

  const form = h("form", { class: "column decision", on: { submit: save, input: keep, change: keep } }, choices(t, reading), which, note, signature(context), problem, state, button);
  restore();
  return h("section", { class: "section column" }, h("h3", {}, t("decision.title")), past, sendButton(context, reading), form);
}

/** @param {import("/static/i18n.js").Translate} t @param {any} reading */
function choices(t, reading) {
  return h("fieldset", { class: "choices" }, h("legend", { class: "unseen" }, t("decision.title")),
    canAgree(reading) && choice("AGREE", t("decision.agree")),
    CONCLUSIONS.map((conclusion) => choice(conclusion, t(`conclusions.${conclusion}`))));
}

/** Whether the reading states something to agree with. @param {any} reading */
function canAgree(reading) {
  return !reading.withheld && reading.verdict !== null && reading.verdict !== "undetermined";
}

/** @param {string} value @param {string} label */
function choice(value, label) {
  return h("label", { class: "choice", data: COLOURED.includes(value) ? { finding: value } : {} }, h("input", { type: "radio", name: "conclusion", value }), h("span", {}, label));
}

/** @param {import("/static/app.js").Context} context @param {any} reading */
function history({ t, format }, reading) {
  if (reading.decisions.length === 0) return h("p", { class: "quiet" }, t(reading.revision === 0 ? "decision.none" : "decision.others_hidden"));
  return h("ol", { class: "history" }, reading.decisions.map((/** @type {any} */ decision) =>
    h("li", {},
      h("p", { class: "row" }, h("strong", {}, t(`conclusions.${decision.conclusion}`)), decision.agrees === null ? null : h("span", { class: "tag" }, t(decision.agrees ? "decision.agreed" : "decision.disagreed")), decision.blinded && h("span", { class: "tag" }, icon("hidden"), t("decision.blinded")), decision.verifier && h("span", { class: "tag" }, icon("check"), t("decision.verified")), reading.decisions.length > 1 && decision.revision === reading.decision?.revision && h("span", { class: "tag" }, t("decision.stands"))),
      decision.abnormality && h("p", {}, decision.abnormality),
      decision.note && h("p", {}, decision.note),
      h("p", { class: "quiet small" }, `${decision.person} · ${format.time(decision.at)}`),
    ),
  ));
}
