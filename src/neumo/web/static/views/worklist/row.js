/** One row of the worklist, and the head above the rows. */

import { h, icon } from "/static/dom.js";
import { ageText, sexText } from "/static/patient.js";
import { colourOf } from "/static/views/reading/verdict.js";
import { readingInList } from "/static/views/worklist/filters.js";

const COLUMNS = ["select", "answer", "pneumonia", "time", "patient", "study", "file", "decision", "source"];
const SORTED = ["time", "pneumonia"];

/**
 * @param {import("/static/app.js").Context} context
 * @param {URLSearchParams} filters
 * @param {(order: string) => void} sort
 */
export function createHead({ t }, filters, sort) {
  /** @type {Record<string, HTMLElement>} */
  const cells = {};
  for (const name of COLUMNS) {
    const label = t(name === "patient" ? "patient.name" : `worklist.${name}`);
    const content = SORTED.includes(name)
      ? h("button", { class: "sort", type: "button", on: { click: () => sort(next(cells[name], name)) } }, label, h("span", { class: "arrow", "aria-hidden": "true" }))
      : name === "select" ? h("span", { class: "unseen" }, label) : label;
    cells[name] = h("div", { class: `cell ${name}`, role: "columnheader" }, content);
  }

  /** @param {string | null} order */
  function mark(order) {
    const current = order ?? "-time";
    for (const name of SORTED) cells[name].setAttribute("aria-sort", current === name ? "ascending" : current === `-${name}` ? "descending" : "none");
  }

  mark(filters.get("sort"));
  return { element: h("div", { role: "rowgroup" }, h("div", { class: "work-row work-head", role: "row" }, Object.values(cells))), mark };
}

/** @param {HTMLElement} cell @param {string} name */
function next(cell, name) {
  return cell.getAttribute("aria-sort") === "descending" ? name : `-${name}`;
}

/**
 * @param {import("/static/app.js").Context} context
 * @param {any} row
 * @param {number} index
 * @param {boolean} selected
 * @param {(id: number, on: boolean) => void} toggle
 * @param {URLSearchParams} filters of the list that it stands in
 */
export function drawRow(context, row, index, selected, toggle, filters) {
  const { t, format } = context;
  const box = h("input", { type: "checkbox", checked: selected, "aria-label": t("worklist.select_row", { file: row.file }), on: { change: (/** @type {any} */ event) => toggle(row.id, event.target.checked) } });
  const address = readingInList(row.id, filters);
  const named = row.file || t("reading.purged_file");
  const link = (/** @type {string} */ kind) => h("a", { class: kind, href: address, title: named }, named);
  /** @type {Record<string, any>} */
  const content = {
    select: box,
    time: h("span", { title: format.time(row.time) }, format.time(row.time)),
    patient: row.patient ? patient(context, row, address) : link("unnamed"),
    study: row.patient && twoLines(row.patient.study_date && format.day(row.patient.study_date), [row.patient.accession_number, row.patient.institution]),
    file: link(""),
    answer: answer(context, row),
    pneumonia: row.pneumonia === null ? "" : format.percent(row.pneumonia, 1),
    decision: decision(context, row),
    source: row.source,
  };
  return h("div", { class: "work-row", role: "row", "aria-rowindex": index + 2 }, COLUMNS.map((name) => h("div", { class: `cell ${name}`, role: "cell" }, content[name])));
}

/** @param {import("/static/app.js").Context} context @param {any} row @param {string} address */
function patient(context, row, address) {
  const { name, id, birth_date: born, age, sex } = row.patient;
  return h("a", { href: address }, twoLines(name ?? id ?? "–", [name && id, born && context.format.day(born), ageText(context, age), sexText(context, sex)]));
}

/** @param {string | null} first @param {(string | null)[]} others */
function twoLines(first, others) {
  const second = others.filter(Boolean).join(" · ");
  return h("span", { class: "two-lines", title: [first, second].filter(Boolean).join(" · ") }, h("span", {}, first), h("span", { class: "small quiet" }, second));
}

/** @param {import("/static/app.js").Context} context @param {any} row */
function answer({ t }, row) {
  if (row.withheld && row.status !== "failed") return h("span", { class: "row quiet" }, icon("hidden"), t("reading.withheld_short"));
  if (!row.finding) return h("span", { class: "row quiet" }, icon("refused"), t(`reading.status_${row.status}`));
  return h("span", { class: "row" }, h("span", { class: "dot", data: { finding: colourOf(row) } }), twoLines(t(`worklist.verdict_${row.verdict}`), [row.etiology && t(`worklist.etiology_${row.etiology}`)]));
}

/** @param {import("/static/app.js").Context} context @param {any} row */
function decision({ t }, row) {
  if (row.decisions === 0) return "";
  if (!row.decision) return h("span", { class: "quiet" }, t("reading.decided"));
  const sign = row.agrees === null ? null : h("span", { class: row.agrees ? "good" : "bad", title: t(row.agrees ? "decision.agreed" : "decision.disagreed") }, icon(row.agrees ? "check" : "cross"), h("span", { class: "unseen" }, t(row.agrees ? "decision.agreed" : "decision.disagreed")));
  return h("span", { class: "row" }, sign, t(`conclusions_short.${row.decision}`));
}
