/** A bundle's card, which its maker wrote in English: headings, paragraphs, lists and tables. */

import { scrolling } from "/static/controls.js";
import { h } from "/static/dom.js";

/**
 * @param {string} title
 * @param {any[]} sections of `GET /api/bundle`
 */
export function cardPanel(title, sections) {
  const shown = sections.filter(({ level, text, tables }) => level > 1 && (text || tables.length));
  return h("details", { class: "panel card-whole" }, h("summary", { class: "head" }, title), h("div", { lang: "en" }, shown.map(sectionOf)));
}

/** @param {any} section */
function sectionOf({ level, title, text, tables }) {
  return h("section", { class: "section column" }, h(level > 2 ? "h3" : "h2", {}, title), prose(text), tables.map((/** @type {any} */ one) => table(one.header.map(plain), one.rows.map((/** @type {string[]} */ row) => row.map(plain)))));
}

/** @param {string[]} header @param {(string | number | null)[][]} rows */
export function table(header, rows) {
  return scrolling(header.join(", "), h("table", { class: "table" },
    h("thead", {}, h("tr", {}, header.map((cell) => h("th", { scope: "col" }, cell)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell) => h("td", {}, cell)))))));
}

/** Draw a card's paragraphs and lists. @param {string} text */
function prose(text) {
  return text.split(/\n{2,}/).filter(Boolean).map((block) => {
    const items = block.split(/\n(?=[-*] )/);
    if (!/^[-*] /.test(block)) return h("p", {}, plain(block));
    return h("ul", { class: "prose-list" }, items.map((item) => h("li", {}, plain(item.replace(/^[-*] /, "")))));
  });
}

/** Remove Markdown marks, and the braces and quotes in which older cards give a network's options. @param {string} text */
function plain(text) {
  return text
    .replace(/\[([^\]]+)\]\([^)]*\)/g, "$1")
    .replace(/\*\*|`/g, "")
    .replace(/\{('[^{}]*)\}/g, (_, options) => `(${options.replaceAll("'", "").replaceAll(": ", " ")})`)
    .replace(/\s*\n\s*/g, " ");
}
