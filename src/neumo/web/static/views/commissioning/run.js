/** Begin a run, see how far it is, cancel it, and how the last one ended. */

import { h, icon, replace } from "/static/dom.js";
import { field, keptForm, numberIn, panel } from "/static/views/commissioning/fields.js";
import { metricName } from "/static/views/research/metrics.js";

/** @param {import("/static/views/commissioning/commissioning.js").Step} step */
export function runPanel(step) {
  const { t } = step.context;
  const { attempt } = step.state;
  const running = attempt?.status === "running";
  return panel(t("commissioning.run"),
    h("p", {}, t("commissioning.run_text")),
    running ? progress(step) : [attempt && ended(step.context, attempt), order(step)],
  );
}

/** @param {import("/static/views/commissioning/commissioning.js").Step} step */
function order({ context, state, act }) {
  const { t, api } = context;
  const criteria = Object.entries(state.criteria);

  /** @param {FormData} values */
  function begin(values) {
    const body = {
      site: String(values.get("site")).trim(),
      target_sensitivity: numberIn(values, "target_sensitivity"),
      cost_ratio: numberIn(values, "cost_ratio"),
      resamples: numberIn(values, "resamples"),
      criteria: Object.fromEntries(criteria.map(([name]) => [name, numberIn(values, name)])),
    };
    act(() => api.send("POST", "/api/commissioning/runs", body));
  }

  return keptForm("run", begin,
    h("div", { class: "fields" },
      field("site", t("commissioning.site"), { required: true, maxlength: "200" }),
      field("target_sensitivity", t("commissioning.target"), { type: "number", step: "any", min: "0", max: "1", value: "0.9", required: true }),
      field("cost_ratio", t("commissioning.cost"), { type: "number", step: "any", min: "0" }),
    ),
    h("details", {}, h("summary", {}, t("commissioning.criteria")),
      h("p", { class: "quiet small" }, t("commissioning.criteria_text")),
      h("div", { class: "fields" },
        criteria.map(([name, limit]) => field(name, metricName(t, name), { type: "number", step: "any", min: "0", max: "1", value: limit })),
        field("resamples", t("commissioning.resamples"), { type: "number", step: "1", min: "40", max: "10000", value: "1000", required: true }),
      ),
    ),
    h("div", { class: "row" }, h("button", { class: "button primary", type: "submit", id: "commissioning-begin", disabled: !state.table || !state.images }, t("commissioning.begin"))),
  );
}

/** How the last attempt ended. @param {import("/static/app.js").Context} context @param {any} attempt */
function ended({ t, format }, attempt) {
  const said = t("commissioning.last", { site: attempt.site, by: attempt.person, at: format.time(attempt.began_at), status: t(`commissioning.status.${attempt.status}`) });
  if (attempt.status === "finished") return h("p", {}, said);
  return h("div", { class: "note told", role: "status" }, icon("warning"), h("div", {}, h("p", {}, said), attempt.fault && h("p", { class: "told" }, attempt.fault), attempt.status !== "failed" && h("p", {}, t("commissioning.kept"))));
}

/** @param {import("/static/views/commissioning/commissioning.js").Step} step */
function progress({ context, state, act }) {
  const { t, api } = context;
  const place = h("div", { class: "column" });

  /** @param {any} attempt */
  function draw({ progress: how }) {
    const step = how?.step ?? "beginning";
    replace(place,
      h("label", { class: "field" }, h("span", {}, how ? t("commissioning.how_far", { step: t(`commissioning.steps.${step}`), done: how.done, total: how.total }) : t("commissioning.steps.beginning")),
        h("progress", { max: how?.total ?? 1, ...(how ? { value: String(how.done) } : {}) })),
    );
  }

  /** @param {any} event */
  function hear(event) {
    if (!place.isConnected) return document.removeEventListener("neumo:attempt", hear);
    if (event.detail?.status === "running") draw(event.detail);
  }

  document.addEventListener("neumo:attempt", hear);
  draw(state.attempt);
  return h("div", { class: "column" },
    h("p", {}, t("commissioning.running", { site: state.attempt.site, by: state.attempt.person, at: context.format.time(state.attempt.began_at) })),
    place,
    h("p", { class: "quiet small" }, t("commissioning.leave")),
    h("div", { class: "row" }, h("button", { class: "button", type: "button", id: "commissioning-cancel", on: { click: () => act(() => api.send("DELETE", "/api/commissioning/runs")) } }, t("commissioning.cancel"))),
  );
}
