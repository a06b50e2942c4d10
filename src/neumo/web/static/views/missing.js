/** The view of an unknown URL (404). */

import { h, icon, replace } from "/static/dom.js";

/** @param {HTMLElement} root @param {import("/static/app.js").Context} context */
export async function mount(root, { t }) {
  replace(root, h("div", { class: "empty" }, icon("search"), h("h1", {}, t("missing.title")), h("p", {}, t("missing.text")), h("a", { class: "button", href: "/" }, t("nav.reading"))));
}
