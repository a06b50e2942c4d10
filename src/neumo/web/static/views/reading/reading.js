/** reading */
import { h, replace } from "/static/dom.js";

/** @param {HTMLElement} root @param {import("/static/app.js").Context} context */
export async function mount(root, { t }) {
  replace(root, h("h1", {}, t("nav.reading")));
}
