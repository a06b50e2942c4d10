/** The shell around every view: top bar, offline banner, and the strip that states whose decision it is. */

import { square } from "/static/controls.js";
import { h, icon, replace } from "/static/dom.js";
import { currentTheme, setTheme } from "/static/theme.js";

/**
 * @typedef {{main: HTMLElement, mark: (name: string) => void}} Shell
 */

const VIEWS = [
  ["reading", "/"],
  ["worklist", "/worklist"],
  ["research", "/research"],
  ["bundle", "/bundle"],
];

/**
 * Draw the shell into the page.
 * @param {HTMLElement} root
 * @param {object} parts
 * @param {import("/static/i18n.js").Translate} parts.t
 * @param {any} parts.me answer of `GET /api/me`, or null before login
 * @param {HTMLElement[]} parts.extras live regions and the banner
 * @param {string} parts.language
 * @param {string[]} parts.languages
 * @param {{language: (to: string) => void, help: () => void, logout: () => void}} parts.act
 * @returns {Shell}
 */
export function drawShell(root, { t, me, extras, language, languages, act }) {
  const main = h("main", { id: "main", class: "view", tabindex: "-1" });
  const links = VIEWS.filter(([name]) => me && (name !== "research" || mayResearch(me))).map(([name, path]) =>
    h("a", { href: path, data: { view: name } }, t(`nav.${name}`)),
  );
  const [toasts, banner] = extras;
  replace(
    root,
    h("header", { class: "top" },
      h("a", { class: "skip button", href: "#main" }, t("shell.skip")),
      h("a", { class: "brand", href: "/", "aria-label": "neumo" }, icon("lungs"), h("span", {}, "neumo")),
      h("nav", { class: "nav", "aria-label": t("nav.label") }, links),
      tools(t, me, language, languages, act),
    ),
    h("div", {}, banner),
    main,
    h("footer", { class: "strip" }, h("strong", {}, t("shell.support")), bundleName(t, me)),
    toasts,
  );
  return {
    main,
    mark: (name) => links.forEach((link) => (link.dataset.view === name ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current"))),
  };
}

/** @param {any} me */
function mayResearch(me) {
  return me.roles.includes("researcher") || me.roles.includes("admin");
}

/** @param {any} t @param {any} me @param {string} language @param {string[]} languages @param {any} act */
function tools(t, me, language, languages, act) {
  return h("div", { class: "tools" },
    h("div", { class: "buttons", role: "group", "aria-label": t("shell.language") },
      languages.map((code) =>
        h("button", { class: "button", type: "button", lang: code, "aria-pressed": String(code === language), "aria-label": t(`languages.${code}`), on: { click: () => act.language(code) } }, code.toUpperCase()),
      ),
    ),
    square("theme", t("shell.theme"), () => setTheme(currentTheme() === "dark" ? "light" : "dark"), "plain"),
    me && square("help", t("shell.help"), act.help, "plain"),
    me && h("a", { class: "button plain square", href: "/settings", "aria-label": t("nav.settings"), title: t("nav.settings") }, icon("settings")),
    me?.login && h("span", { class: "person quiet" }, me.person),
    me?.login && square("leave", t("shell.logout"), act.logout, "plain"),
  );
}

/** @param {any} t @param {any} me */
function bundleName(t, me) {
  if (!me) return null;
  return h("span", { class: "bundle" }, t("shell.bundle", { name: me.bundle.name, version: me.bundle.version, neumo: me.version }));
}
