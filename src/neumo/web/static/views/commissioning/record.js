/** The acceptance record of a finished run: as its papers say it, and to take along. */

import { h, icon } from "/static/dom.js";
import { panel } from "/static/views/commissioning/fields.js";
import { table } from "/static/views/research/card.js";

const OPEN = 2;

/** @param {import("/static/views/commissioning/commissioning.js").Step} step @param {any} run */
export function recordPanel({ context }, run) {
  const { t, language, format } = context;
  const files = `/api/commissioning/runs/${run.id}/files`;
  const [shown, rest] = [run.sections.slice(0, OPEN), run.sections.slice(OPEN)];
  return panel(t("commissioning.record", { site: run.site }),
    h("p", { class: "quiet small" }, t("commissioning.given", { by: run.person, at: format.time(run.began_at) })),
    shown.map(section),
    rest.map((/** @type {any} */ part) => h("details", {}, h("summary", {}, part.title), h("div", { class: "column" }, content(part)))),
    h("div", { class: "row" },
      [["PDF", `acceptance.${language}.pdf`], ["HTML", `acceptance.${language}.html`], ["JSON", "acceptance.json"]].map(([kind, name]) =>
        h("a", { class: "button", href: `${files}/${name}`, download: name }, icon("download"), t("commissioning.record_as", { kind })))),
  );
}

/** @param {any} part */
function section(part) {
  return h("section", { class: "column" }, h("h3", {}, part.title), content(part));
}

/** @param {any} part */
function content(part) {
  return [part.sentences.map((/** @type {string} */ sentence) => h("p", {}, sentence)), part.rows.length > 0 && table(part.headings, part.rows)];
}
