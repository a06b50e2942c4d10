/** The page of the API: each operation can be tried, as whoever is logged in in this browser. */

import { h, replace } from "/static/dom.js";
import { restoreTheme } from "/static/theme.js";

const MOST = 20000;

/** @returns {Promise<string>} */
async function csrfToken() {
  const answer = await fetch("/api/me");
  return answer.ok ? (await answer.json()).csrf_token : "";
}

/**
 * Build the request that a form states.
 * @param {HTMLFormElement} form
 * @returns {{url: string, headers: Record<string, string>, body: BodyInit | undefined}}
 */
function requestOf(form) {
  let url = form.dataset.path ?? "";
  const query = new URLSearchParams();
  /** @type {Record<string, string>} */
  const headers = {};
  for (const field of form.querySelectorAll("[data-in]")) {
    const { name, value, dataset } = /** @type {HTMLInputElement} */ (field);
    if (dataset.in === "path") url = url.replace(`{${name}}`, encodeURIComponent(value));
    else if (value !== "" && dataset.in === "query") query.append(name, value);
    else if (value !== "") headers[name] = value;
  }
  const text = /** @type {HTMLTextAreaElement | null} */ (form.querySelector("[name=body]"));
  const files = /** @type {HTMLInputElement | null} */ (form.querySelector("[name=files]"));
  if (text) headers["Content-Type"] = "application/json";
  return { url: query.size ? `${url}?${query}` : url, headers, body: text ? text.value : files ? new FormData(form) : undefined };
}

/** @param {SubmitEvent} event */
async function send(event) {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.target);
  const place = /** @type {HTMLElement} */ (form.querySelector(".api-answer"));
  const method = form.dataset.method ?? "GET";
  const { url, headers, body } = requestOf(form);
  try {
    if (method !== "GET") headers["X-CSRF-Token"] = await csrfToken();
    const answer = await fetch(url, { method, headers, body });
    replace(place, h("p", {}, h("code", {}, `${method} ${url}`)), h("p", {}, h("strong", {}, `${answer.status} ${answer.statusText}`)), await shown(answer));
  } catch (error) {
    replace(place, h("p", { class: "note bad" }, /** @type {Error} */ (error).message));
  }
}

/** @param {Response} answer */
async function shown(answer) {
  const type = answer.headers.get("content-type") ?? "";
  if (type === "image/png") return h("img", { src: URL.createObjectURL(await answer.blob()), alt: type });
  if (/json|text|xml/.test(type) && !type.includes("event-stream")) {
    const text = await answer.text();
    const pretty = type.includes("json") && !type.includes("ndjson") ? JSON.stringify(JSON.parse(text), null, 2) : text;
    return h("pre", {}, h("code", {}, pretty.slice(0, MOST)));
  }
  await answer.body?.cancel();
  return h("p", {}, `${type} ${answer.headers.get("content-length") ?? ""}`);
}

restoreTheme();
document.querySelectorAll("form[data-path]").forEach((form) => form.addEventListener("submit", (event) => send(/** @type {SubmitEvent} */ (event))));
