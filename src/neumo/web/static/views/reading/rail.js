/** The rail: uploads in progress, then recent readings, each a link to its reading. */

import { h, icon, replace } from "/static/dom.js";
import { picker } from "/static/views/reading/intake.js";

const RECENT = 40;
/** @type {any[]} */
let remembered = [];

/**
 * @param {import("/static/app.js").Context} context
 * @param {import("/static/views/reading/uploads.js").Uploads} uploads
 * @param {number | null} current
 */
export function createRail(context, uploads, current) {
  const { t, api } = context;
  const sent = h("div");
  const recent = h("div");
  const element = h("aside", { class: "rail panel", "aria-label": t("reading.files") },
    h("div", { class: "rail-tools" }, picker(t("reading.add"), (files) => uploads.add(files)), h("a", { class: "button plain square", href: "/worklist", "aria-label": t("nav.worklist"), title: t("nav.worklist") }, icon("archive"))),
    h("div", { class: "rail-lists", tabindex: "0", role: "region", "aria-label": t("reading.files") }, sent, recent),
  );
  const spoken = { count: finished(uploads.items) };
  const left = { out: "" };

  function drawSent() {
    replace(sent, uploads.items.length > 0 && [heading(context, uploads), h("ul", {}, uploads.items.map((item) => sentItem(context, uploads, item, current)))]);
    const count = finished(uploads.items);
    if (count !== spoken.count) context.announce(t("reading.progress", { done: count, total: uploads.items.length }));
    spoken.count = count;
    if (readings(uploads.items) !== left.out) drawRecent();
  }

  function drawRecent() {
    left.out = readings(uploads.items);
    const own = new Set(uploads.items.map((item) => item.reading));
    const rest = remembered.filter((row) => !own.has(row.id));
    replace(recent, h("h2", { class: "rail-head" }, t("reading.recent")), rest.length ? h("ul", {}, rest.map((row) => recentItem(context, row, current))) : h("p", { class: "rail-empty quiet small" }, t("reading.none_recent")));
  }

  async function refresh() {
    try {
      remembered = (await api.get(`/api/readings?limit=${RECENT}`)).readings;
      drawRecent();
      element.querySelector("[aria-current=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    } catch (error) {
      context.toast(/** @type {Error} */ (error).message, "bad");
    }
  }

  const order = () => [...element.querySelectorAll("a[data-reading]")].map((link) => Number(/** @type {HTMLElement} */ (link).dataset.reading));
  /** @param {number} by @returns {number | null} */
  const step = (by) => order()[order().indexOf(current ?? -1) + by] ?? null;

  const stop = uploads.follow(drawSent);
  drawSent();
  drawRecent();
  const loaded = refresh();
  /** Whether there are neither uploads nor recorded readings. */
  const empty = async () => {
    await loaded;
    return remembered.length === 0 && uploads.items.length === 0;
  };
  return { element, refresh, empty, destroy: stop, next: () => step(1), previous: () => (current === null ? null : step(-1)) };
}

/** @param {any[]} items */
function finished(items) {
  return items.filter((item) => ["read", "refused", "failed", "cancelled"].includes(item.status)).length;
}

/** The readings that a list of sent files shows. @param {any[]} items */
function readings(items) {
  return items.map((item) => item.reading).filter(Boolean).join(" ");
}

/** @param {any} context @param {any} uploads */
function heading({ t }, uploads) {
  const share = finished(uploads.items) / uploads.items.length;
  return [
    h("div", { class: "rail-head row spread" },
      h("h2", {}, t("reading.sent", { done: finished(uploads.items), total: uploads.items.length })),
      h("button", { class: "button plain square", type: "button", "aria-label": t("reading.clear"), title: t("reading.clear"), on: { click: uploads.clear } }, icon("cross")),
    ),
    share < 1 && h("div", { class: "meter", style: { "--share": share } }, h("span")),
  ];
}

/** @param {any} context @param {any} uploads @param {any} item @param {number | null} current */
function sentItem({ t }, uploads, item, current) {
  const state = h("span", { class: `small ${item.status === "failed" ? "bad" : "quiet"}` }, t(`reading.status_${item.status}`), item.again ? ` · ${t("reading.again")}` : null);
  if (item.reading) return h("li", {}, link(item.reading, current, item.name, state));
  return h("li", { class: "rail-item" },
    h("span", { class: "rail-name" }, item.name),
    state,
    item.reasons.map((/** @type {any} */ reason) => h("span", { class: "small" }, reason.text)),
    item.status === "failed" && h("button", { class: "button plain", type: "button", on: { click: () => uploads.retry(item) } }, icon("reset"), t("shell.again")),
  );
}

/** @param {any} context @param {any} row @param {number | null} current */
function recentItem({ t, format }, row, current) {
  const said = row.withheld ? t("reading.withheld_short") : row.finding ? t(`findings_short.${row.finding}`) : t("reading.status_refused");
  const state = h("span", { class: "small quiet row" },
    h("span", { class: "dot", data: row.withheld || !row.finding ? {} : { finding: row.finding } }),
    said,
    row.decisions > 0 && [h("span", { "aria-hidden": "true" }, "·"), t("reading.decided")],
  );
  return h("li", { title: format.time(row.time) }, link(row.id, current, row.patient?.name || row.file || t("reading.purged_file"), state));
}

/** @param {number} id @param {number | null} current @param {string} name @param {Node} state */
function link(id, current, name, state) {
  return h("a", { class: "rail-item", href: `/readings/${id}`, data: { reading: id }, "aria-current": id === current ? "true" : null }, h("span", { class: "rail-name" }, name), state);
}
