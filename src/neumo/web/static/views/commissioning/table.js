/** The table of labelled radiographs: from a file, or from decisions that people made blinded. */

import { h, icon } from "/static/dom.js";
import { panel } from "/static/views/commissioning/fields.js";

/** @param {import("/static/views/commissioning/commissioning.js").Step} step */
export function tablePanel({ context, state, act }) {
  const { t, api } = context;
  if (!state.images) {
    return panel(t("commissioning.table"), h("p", { class: "note warn" }, icon("warning"), h("span", {}, t("commissioning.no_folder"))), h("pre", {}, h("code", {}, "neumo serve --set commission.images=DIR")));
  }
  const input = h("input", { class: "input", type: "file", id: "commissioning-file", accept: ".csv,text/csv", on: { change: give } });

  /** @param {any} event */
  function give(event) {
    const [file] = event.target.files;
    if (!file) return;
    const form = new FormData();
    form.append("table", file);
    act(() => api.send("POST", "/api/commissioning/table", form));
  }

  return panel(t("commissioning.table"),
    h("p", {}, t("commissioning.table_text")),
    h("p", { class: "quiet small" }, t("commissioning.folder", { folder: state.images })),
    h("div", { class: "row" },
      h("a", { class: "button", href: "/api/commissioning/template", download: "local.csv" }, icon("download"), t("commissioning.template")),
      h("button", { class: "button", type: "button", id: "commissioning-decisions", on: { click: () => act(() => api.send("POST", "/api/commissioning/table/decisions")) } }, t("commissioning.decisions")),
    ),
    h("label", { class: "field" }, h("span", {}, t("commissioning.file")), input),
    state.table ? known(context, state.table) : h("p", { class: "quiet" }, t("commissioning.no_table")),
  );
}

/** @param {import("/static/app.js").Context} context @param {any} found */
function known({ t, format }, found) {
  const labels = Object.entries(found.labels).map(([label, count]) => `${t(`conclusions.${label}`)} ${format.number(/** @type {number} */ (count))}`).join(", ");
  const said = found.patients === null ? t("commissioning.table_rows", { images: found.images }) : t("commissioning.table_known", { images: found.images, patients: found.patients, labels });
  return h("div", { class: "column" },
    h("p", { class: "row" }, h("strong", {}, found.name), h("span", {}, said)),
    h("p", { class: "quiet small" }, t("commissioning.given", { by: found.by, at: format.time(found.at) })),
    found.written && h("p", {}, t("commissioning.written", found.written)),
    found.unready && h("p", { class: "note warn told" }, icon("warning"), h("span", {}, found.unready)),
    h("div", { class: "row" }, h("a", { class: "button", href: "/api/commissioning/table", download: "local.csv" }, icon("download"), t("commissioning.download_table"))),
  );
}
