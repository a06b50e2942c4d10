/** The login page. */

import { h, icon, replace } from "/static/dom.js";

/** @param {HTMLElement} root @param {import("/static/app.js").Context} context */
export async function mount(root, context) {
  const { t, api, route, navigate, restart } = context;
  const problem = h("p", { class: "note bad", role: "alert", hidden: true });
  const name = input(t("login.name"), { name: "name", autocomplete: "username", required: true, autofocus: true });
  const password = input(t("login.password"), { name: "password", type: "password", autocomplete: "current-password", required: true });
  const button = h("button", { class: "button primary", type: "submit" }, t("login.enter"));

  /** @param {SubmitEvent} event */
  async function enter(event) {
    event.preventDefault();
    const data = new FormData(/** @type {HTMLFormElement} */ (event.target));
    button.setAttribute("disabled", "");
    try {
      await api.send("POST", "/api/session", { name: data.get("name"), password: data.get("password") });
      history.replaceState(null, "", safe(route.query.get("next")));
      await restart();
    } catch (error) {
      replace(problem, icon("warning"), h("span", {}, /** @type {Error} */ (error).message));
      problem.hidden = false;
      button.removeAttribute("disabled");
      password.querySelector("input")?.focus();
    }
  }

  const elsewhere = `problems.${route.query.get("problem")}`;
  if (t(elsewhere) !== elsewhere) {
    replace(problem, icon("warning"), h("span", {}, t(elsewhere)));
    problem.hidden = false;
  }
  if (context.me && !context.me.login) return navigate("/", { replace: true });
  replace(root,
    h("div", { class: "page login" },
      h("h1", {}, t("login.title")),
      h("p", { class: "quiet" }, t("login.text")),
      h("form", { class: "panel column body-form", on: { submit: enter } }, problem, name, password, button),
      context.oidc && h("a", { class: "button", href: "/api/session/oidc" }, t("login.provider")),
    ),
  );
  root.querySelector("input")?.focus();
}

/** @param {string} label @param {Record<string, any>} attributes */
function input(label, attributes) {
  return h("label", { class: "field" }, h("span", {}, label), h("input", { class: "input", ...attributes }));
}

/** Return a URL of this site only (no open redirect). @param {string | null} next */
function safe(next) {
  return next && /^\/(?![/\\])/.test(next) ? next : "/";
}
