/** The settings view: a person's preferences. */

import { h, replace } from "/static/dom.js";
import { currentTheme, setTheme } from "/static/theme.js";

/** @param {HTMLElement} root @param {import("/static/app.js").Context} context */
export async function mount(root, context) {
  const { t, me } = context;
  replace(root,
    h("div", { class: "page narrow" },
      h("h1", {}, t("nav.settings")),
      h("form", { class: "panel", on: { submit: (/** @type {Event} */ event) => save(event, context) } },
        section(t("settings.language"), select("language", me.languages.map((/** @type {string} */ code) => [code, t(`languages.${code}`)]), me.language, t("settings.language"))),
        section(t("settings.theme"), select("theme", [["dark", t("settings.dark")], ["light", t("settings.light")]], currentTheme(), t("settings.theme"))),
        section(t("settings.blinded"),
          h("label", { class: "check" }, h("input", { type: "checkbox", name: "blinded", checked: me.blinded, disabled: me.blinded_by_server }), h("span", {}, t("settings.blinded_label"))),
          h("p", { class: "quiet small" }, t(me.blinded_by_server ? "settings.blinded_by_server" : "settings.blinded_text")),
        ),
        h("div", { class: "section" }, h("button", { class: "button primary", type: "submit" }, t("settings.save"))),
      ),
      about(context),
    ),
  );
}

/** @param {Event} event @param {import("/static/app.js").Context} context */
async function save(event, { me, savePreferences, toast, t }) {
  event.preventDefault();
  const data = new FormData(/** @type {HTMLFormElement} */ (event.target));
  setTheme(data.get("theme") === "light" ? "light" : "dark");
  try {
    await savePreferences({
      language: data.get("language"),
      ...(me.blinded_by_server ? {} : { blinded: data.get("blinded") !== null }),
    });
    toast(t("settings.saved"));
  } catch (error) {
    toast(/** @type {Error} */ (error).message, "bad");
  }
}

/** @param {import("/static/app.js").Context} context */
function about({ t, me, format }) {
  return h("section", { class: "panel" },
    h("div", { class: "section" },
      h("h2", {}, t("settings.about")),
      h("dl", { class: "facts" },
        h("dt", {}, "neumo"), h("dd", {}, me.version),
        h("dt", {}, t("settings.bundle")), h("dd", {}, h("a", { href: "/bundle" }, `${me.bundle.name} ${me.bundle.version}`)),
        h("dt", {}, t("settings.prevalence")), h("dd", {}, me.prevalence === null ? t("settings.prevalence_none") : format.percent(me.prevalence, 1)),
        h("dt", {}, t("settings.person")), h("dd", {}, `${me.person} (${me.roles.map((/** @type {string} */ role) => t(`roles.${role}`)).join(", ")})`),
        me.retention_days ? [h("dt", {}, t("settings.retention")), h("dd", {}, t("settings.days", { count: me.retention_days }))] : null,
      ),
    ),
  );
}

/** @param {string} title @param {...(Node | null)} content */
function section(title, ...content) {
  return h("div", { class: "section" }, h("h2", {}, title), content);
}

/** @param {string} name @param {[string, string][]} options @param {string} value @param {string} label */
function select(name, options, value, label) {
  return h("select", { class: "input", name, "aria-label": label }, options.map(([code, text]) => h("option", { value: code, selected: code === value }, text)));
}
