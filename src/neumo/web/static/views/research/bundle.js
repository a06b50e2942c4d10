/** The bundle in use: intended use, model card, operating points, damaged images. */

import { h, icon, replace } from "/static/dom.js";
import { damageGrid } from "/static/views/research/damage.js";

const DAMAGED = "damaged images";

/** @param {HTMLElement} root @param {import("/static/app.js").Context} context */
export async function mount(root, context) {
  const { t, api } = context;
  const bundle = await api.get("/api/bundle");
  replace(root, h("div", { class: "page card" },
    h("h1", {}, `${bundle.name} ${bundle.version}`),
    h("dl", { class: "facts" }, h("dt", {}, "SHA-256"), h("dd", { class: "mono" }, bundle.digest), h("dt", {}, t("bundle.licence")), h("dd", {}, bundle.config.licence), h("dt", {}, t("bundle.attribution")), h("dd", {}, bundle.config.attribution)),
    h("section", { class: "note warn" }, icon("warning"), h("div", {}, h("h2", {}, t("bundle.intended_use")), prose(bundle.intended_use ?? t("bundle.no_intended_use")))),
    points(context, bundle),
    bundle.sections.filter((/** @type {any} */ section) => section.level > 1 && section.text !== bundle.intended_use && (section.text || section.tables.length)).map((/** @type {any} */ section) => sectionOf(context, section, bundle.corruptions)),
  ));
}

/** @param {import("/static/app.js").Context} context @param {any} bundle */
function points({ t, me, format }, bundle) {
  const columns = ["threshold", "sensitivity", "specificity", "rule"];
  const measured = bundle.evidence.filter((/** @type {any} */ entry) => "operating_point" in entry.conditions);
  /** @param {string} point @param {string} metric */
  function rate(point, metric) {
    const entry = measured.findLast((/** @type {any} */ one) => one.conditions.operating_point === point && one.metric === metric);
    if (!entry || entry.value === null) return t("bundle.not_measured");
    return `${format.percent(entry.value, 1)} (${format.number(100 * entry.low, 1)}–${format.percent(entry.high, 1)}; ${entry.n})`;
  }
  return h("section", { class: "panel" }, h("div", { class: "head" }, h("h2", {}, t("bundle.points"))), h("div", { class: "body column" },
    table(
      [t("bundle.point"), ...columns.map((name) => t(`bundle.${name}`))],
      me.operating_points.map((/** @type {any} */ point) => [point.name, format.number(point.threshold, 3), rate(point.name, "sensitivity"), rate(point.name, "specificity"), point.rule]),
    ),
    measured.length > 0 && h("p", { class: "quiet small" }, t("bundle.points_basis", { data: measured.at(-1).data })),
  ));
}

/** @param {import("/static/app.js").Context} context @param {any} section @param {any} corruptions */
function sectionOf(context, { level, title, text, tables }, corruptions) {
  const shown = corruptions && title.toLowerCase() === DAMAGED ? damageGrid(context, corruptions) : tables.map((/** @type {any} */ one) => table(one.header, one.rows));
  return h("section", { class: "panel card-section" }, h("div", { class: "head" }, h(level > 2 ? "h3" : "h2", {}, title)), h("div", { class: "body column" }, prose(text), shown));
}

/** @param {string[]} header @param {string[][]} rows */
function table(header, rows) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": header.join(", ") }, h("table", { class: "table" },
    h("thead", {}, h("tr", {}, header.map((cell) => h("th", { scope: "col" }, plain(cell))))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell) => h("td", {}, plain(cell))))))));
}

/** Draw a card's paragraphs and lists. @param {string} text */
function prose(text) {
  return text.split(/\n{2,}/).filter(Boolean).map((block) => {
    const items = block.split(/\n(?=[-*] )/);
    if (!/^[-*] /.test(block)) return h("p", {}, plain(block));
    return h("ul", { class: "prose-list" }, items.map((item) => h("li", {}, plain(item.replace(/^[-*] /, "")))));
  });
}

/** Remove Markdown marks. @param {string} text */
function plain(text) {
  return text.replace(/\[([^\]]+)\]\([^)]*\)/g, "$1").replace(/\*\*|`/g, "").replace(/\s*\n\s*/g, " ");
}
