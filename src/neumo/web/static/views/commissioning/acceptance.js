/** Accept a run, sign its bundle in this browser, take the bundle along, and how to serve with it. */

import { h, icon } from "/static/dom.js";
import { field, keptForm, panel } from "/static/views/commissioning/fields.js";
import { KeyUnusable, signedWith } from "/static/views/commissioning/signing.js";

/** @param {import("/static/views/commissioning/commissioning.js").Step} step @param {any} run */
export function acceptancePanel(step, run) {
  const { t } = step.context;
  return panel(t("commissioning.accept"), run.acceptance ? [signing(step, run), use(step.context, run)] : accepting(step, run));
}

/** @param {import("/static/views/commissioning/commissioning.js").Step} step @param {any} run */
function accepting({ context, act }, run) {
  const { t, api } = context;

  /** @param {FormData} values */
  function accept(values) {
    const text = (/** @type {string} */ name) => String(values.get(name) ?? "").trim();
    const body = { by: text("by"), role: text("role"), review_by: text("review_by") || null, despite: text("despite") };
    act(() => api.send("POST", `/api/commissioning/runs/${run.id}/acceptance`, body));
  }

  return [
    h("p", {}, t("commissioning.accept_text")),
    keptForm(`accept-${run.id}`, accept,
      h("div", { class: "fields" },
        field("by", t("commissioning.by"), { required: true, maxlength: "200" }),
        field("role", t("commissioning.role"), { required: true, maxlength: "200" }),
        field("review_by", t("commissioning.review_by"), { type: "date" }, t("commissioning.review_hint")),
        !run.met && field("despite", t("commissioning.despite"), { required: true, maxlength: "200" }, t("commissioning.despite_hint")),
      ),
      h("div", { class: "row" }, h("button", { class: "button primary", type: "submit" }, t("commissioning.accept_do"))),
    ),
  ];
}

/** @param {import("/static/views/commissioning/commissioning.js").Step} step @param {any} run */
function signing({ context, act }, run) {
  const { t, api, format } = context;
  const { acceptance } = run;

  /** @param {any} event */
  async function sign(event) {
    const [file] = event.target.files;
    if (!file) return;
    await act(async () => {
      try {
        return await api.send("POST", `/api/commissioning/runs/${run.id}/signature`, await signedWith(file, run.to_sign));
      } catch (error) {
        throw error instanceof KeyUnusable ? new Error(t(`commissioning.key_${error.why}`)) : error;
      }
    });
  }

  return [
    h("p", {}, t("bundle.accepted", { by: acceptance.by, role: acceptance.role, on: format.day(acceptance.on), review_by: format.day(acceptance.review_by) })),
    acceptance.despite && h("p", {}, t("bundle.despite", { reason: acceptance.despite })),
    h("p", { class: "small" }, "SHA-256 ", h("code", {}, run.digest)),
    h("p", { class: "row" }, run.signed_by.length ? [icon("check"), t("commissioning.signed", { keys: run.signed_by.join(", ") })] : t("commissioning.not_signed")),
    h("label", { class: "field" }, h("span", {}, t("commissioning.key")), h("input", { class: "input", type: "file", id: `commissioning-key-${run.id}`, on: { change: sign } }), h("span", { class: "quiet small" }, t("commissioning.key_text"))),
    h("pre", {}, h("code", {}, `neumo bundle sign ${run.bundle} --key KEY`)),
  ];
}

/** @param {import("/static/app.js").Context} context @param {any} run */
function use({ t }, run) {
  return [
    h("h3", {}, t("commissioning.use")),
    h("p", {}, t("commissioning.use_text")),
    h("pre", {}, h("code", {}, `neumo serve --bundle ${run.bundle}`)),
    h("div", { class: "row" }, h("a", { class: "button", href: `/api/commissioning/runs/${run.id}/files/bundle.zip`, download: `bundle-${run.id}.zip` }, icon("download"), t("commissioning.take"))),
  ];
}
