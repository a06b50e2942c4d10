/** The worklist's filters, stored in the URL, so that a filtered list can be shared and revisited; but for what names or describes a patient:
 * no URL, history or log may hold that, so it lives in this page's memory. */

import { h, icon, replace } from "/static/dom.js";

/** @typedef {{q?: string, patient?: string, sex?: string, age_from?: string, age_to?: string}} Words */

const NAMES = ["verdict", "status", "decided", "disagreement", "from", "to", "source", "sort"];
const VERDICTS = ["pneumonia", "no_pneumonia", "undetermined"];
const WORDS = ["q", "patient", "sex", "age_from", "age_to"];
const SEXES = ["F", "M", "O"];
const OLDEST = 150;
const PAUSE = 250;
/** @type {Words} */
let remembered = {};

/** A reading's address states by this name that it was opened from a worklist, whose filters follow. */
const LIST = "list";

/**
 * Return the address of a reading in a list, so that N and P go along it.
 * @param {number} id @param {URLSearchParams | null} list filters of a worklist; null where it was opened from elsewhere
 */
export function readingInList(id, list) {
  return `/readings/${id}${list === null ? "" : `?${LIST}=1${list.size ? `&${list}` : ""}`}`;
}

/** Return the filters of the worklist that a reading was opened from; null where it was opened from elsewhere. @param {URLSearchParams} query */
export function listOf(query) {
  return query.has(LIST) ? readFilters(query) : null;
}

/** Whether filters or order depend on the model's answers or on what others decided. @param {URLSearchParams} filters */
export function tells(filters) {
  return filters.has("verdict") || filters.has("disagreement") || (filters.get("sort") ?? "").endsWith("pneumonia");
}

/** Return the words that were searched last. */
export const wordsOf = () => remembered;

/**
 * Return what of an address's query is a filter.
 * @param {URLSearchParams} query
 */
export function readFilters(query) {
  return new URLSearchParams([...query].filter(([name, value]) => NAMES.includes(name) && value !== ""));
}

/**
 * @param {import("/static/app.js").Context} context
 * @param {URLSearchParams} filters
 * @param {(filters: URLSearchParams) => void} changed
 */
export function createFilters({ t, me }, filters, changed) {
  let timer = 0;
  const toggle = h("button", { class: "button filter-toggle", type: "button", "aria-expanded": "false", on: { click: () => unfold(!form.classList.contains("unfolded")) } });
  const sourceSelect = select("source", t("worklist.source"), [["", t("worklist.any")]], "");
  const form = /** @type {HTMLFormElement} */ (
    h("form", { class: "filters", role: "search", on: { input: later, submit: (/** @type {Event} */ event) => event.preventDefault() } },
      me.sees_patients && words("patient", t("patient.name"), t("worklist.patient_hint")),
      words("q", t("worklist.search"), t("worklist.search_hint")),
      toggle,
      h("div", { class: "filter-rest" },
        me.sees_patients && select("sex", t("patient.sex"), [["", t("worklist.any")], ...SEXES.map((sex) => [sex, capital(t(`patient.sexes.${sex}`))])], remembered.sex ?? null),
        me.sees_patients && h("div", { class: "filter-days" }, age("age_from", t("worklist.age_from")), age("age_to", t("worklist.age_to"))),
        select("verdict", t("worklist.answer"), [["", t("worklist.any")], ...VERDICTS.map((verdict) => [verdict, t(`worklist.verdict_${verdict}`)])], filters.get("verdict")),
        select("status", t("worklist.status"), [["", t("worklist.any")], ["read", t("reading.status_read")], ["refused", t("reading.status_refused")], ["failed", t("reading.status_failed")]], filters.get("status")),
        select("decided", t("worklist.decision"), [["", t("worklist.any")], ["true", t("worklist.with_decision")], ["false", t("worklist.without_decision")]], filters.get("decided")),
        sourceSelect,
        h("div", { class: "filter-days" }, day("from", t("worklist.from"), filters), day("to", t("worklist.to"), filters)),
        h("div", { class: "filter-checks" }, check("disagreement", t("worklist.disagreement"), filters)),
      ),
      h("button", { class: "button plain", type: "button", on: { click: clear } }, icon("cross"), t("worklist.reset")),
    )
  );

  function current() {
    const given = /** @type {[string, string][]} */ ([...new FormData(form)]);
    remembered = Object.fromEntries(given.filter(([name, value]) => WORDS.includes(name) && value.trim() !== ""));
    return readFilters(new URLSearchParams(given));
  }

  /** Where there is little room, all but the searches are folded away; how many of them are set stays in sight. */
  function unfold(/** @type {boolean} */ open) {
    toggle.setAttribute("aria-expanded", String(form.classList.toggle("unfolded", open)));
  }

  function tally() {
    const count = [...form.querySelectorAll(".filter-rest input, .filter-rest select")].filter((field) => {
      const control = /** @type {HTMLInputElement} */ (field);
      return control.type === "checkbox" ? control.checked : control.value !== "";
    }).length;
    replace(toggle, count === 0 ? t("worklist.filters") : t("worklist.filters_set", { count }));
  }

  function later() {
    tally();
    clearTimeout(timer);
    timer = window.setTimeout(() => agesInOrder() && changed(current()), PAUSE);
  }

  /** Whether the ages are a range; else says so. */
  function agesInOrder() {
    const [from, to] = ["age_from", "age_to"].map((name) => /** @type {HTMLInputElement | null} */ (form.querySelector(`[name=${name}]`)));
    if (from && to) to.setCustomValidity(from.value && to.value && Number(from.value) > Number(to.value) ? t("worklist.age_order") : "");
    if (!form.checkValidity()) unfold(true); // so that what is wrong can be shown
    return form.reportValidity();
  }

  /** At once: what is typed after the click stays. */
  function clear() {
    clearTimeout(timer);
    form.querySelectorAll("input, select").forEach((field) => {
      const control = /** @type {HTMLInputElement} */ (field);
      if (control.type === "checkbox") control.checked = false;
      else control.value = "";
    });
    remembered = {};
    tally();
    changed(new URLSearchParams());
  }

  /** @param {string[]} names */
  function sources(names) {
    const box = /** @type {HTMLSelectElement} */ (sourceSelect.querySelector("select"));
    const chosen = box.value || filters.get("source") || "";
    const all = chosen && !names.includes(chosen) ? [...names, chosen] : names;
    replace(box, h("option", { value: "" }, t("worklist.any")), all.map((name) => h("option", { value: name }, name)));
    box.value = chosen;
    tally();
  }

  tally();
  return { element: form, sources };
}

/** @param {"q" | "patient"} name @param {string} label @param {string} hint */
function words(name, label, hint) {
  return h("label", { class: "field search" }, h("span", {}, label), h("input", { class: "input", type: "search", name, placeholder: hint, maxlength: 200, autocomplete: "off", value: remembered[name] ?? "" }));
}

/** @param {string} name @param {string} label @param {string[][]} options @param {string | null} value */
function select(name, label, options, value) {
  return h("label", { class: "field" }, h("span", {}, label), h("select", { class: "input", name }, options.map(([code, text]) => h("option", { value: code, selected: code === value }, text))));
}

/** @param {string} text */
function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A patient's age in years. @param {"age_from" | "age_to"} name @param {string} label */
function age(name, label) {
  return h("label", { class: "field age" }, h("span", {}, label), h("input", { class: "input", type: "number", name, min: 0, max: OLDEST, step: "any", autocomplete: "off", value: remembered[name] ?? "" }));
}

/** @param {string} name @param {string} label @param {URLSearchParams} filters */
function day(name, label, filters) {
  return h("label", { class: "field" }, h("span", {}, label), h("input", { class: "input", type: "date", name, value: (filters.get(name) ?? "").slice(0, 10) }));
}

/** @param {string} name @param {string} label @param {URLSearchParams} filters */
function check(name, label, filters) {
  return h("label", { class: "check" }, h("input", { type: "checkbox", name, value: "true", checked: filters.get(name) === "true" }), h("span", {}, label));
}
