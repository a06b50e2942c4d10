/** The rail: uploads in progress, then recent readings, each a link to its reading. */

import { h, icon, replace } from "/static/dom.js";
import { followChanges } from "/static/live.js";
import { isAway } from "/static/unsent.js";
import { picker } from "/static/views/reading/intake.js";
import { createRows } from "/static/views/reading/rows.js";
import { mayRetry } from "/static/views/reading/uploads.js";
import { colourOf, verdictWords } from "/static/views/reading/verdict.js";
import { listOf, readingInList, wordsOf } from "/static/views/worklist/filters.js";
import { ask } from "/static/views/worklist/pager.js";

const RECENT = 40;
/** Of sent files; all that were read are in the worklist, too. */
const MOST_SENT = 200;
const ENDED = ["read", "refused", "failed", "cancelled"];
/** @type {any[]} */
let remembered = [];

/**
 * @param {import("/static/app.js").Context} context
 * @param {import("/static/views/reading/uploads.js").Uploads} uploads
 * @param {number | null} current
 */
export function createRail(context, uploads, current) {
  const { t, api } = context;
  const list = listOf(context.route.query);
  const sent = h("div");
  const recent = h("div");
  const element = h("aside", { class: "rail panel", "aria-label": t("reading.files") },
    h("div", { class: "rail-tools" }, picker(t("reading.add"), context.take), h("a", { class: "button plain square", href: "/worklist", "aria-label": t("nav.worklist"), title: t("nav.worklist") }, icon("archive"))),
    h("div", { class: "rail-lists", tabindex: "0", role: "region", "aria-label": t("reading.files") }, sent, recent),
  );
  const spoken = { count: finished(uploads.items) };
  const left = { out: "", live: false, known: false };
  const rows = createRows(api, drawSent);
  let unfollow = () => {};

  function drawSent() {
    const meant = uploads.items.filter(isMeant);
    const shown = meant.slice(0, MOST_SENT);
    rows.need(shown.map((item) => item.reading).filter((id) => id !== null));
    replace(sent, uploads.items.length > 0 && [
      heading(context, uploads),
      h("ul", {}, shown.map((item) => sentItem(context, uploads, item, current, rows.of(item.reading)))),
      meant.length > shown.length && h("p", { class: "rail-empty quiet small" }, t("reading.more_sent", { count: meant.length - shown.length })),
      skipped(context, uploads),
    ]);
    const count = finished(meant);
    if (count !== spoken.count) context.announce(t("reading.progress", { done: count, total: meant.length }));
    spoken.count = count;
    if (readings(uploads.items) !== left.out) drawRecent();
  }

  function drawRecent() {
    left.out = readings(uploads.items);
    const own = new Set(uploads.items.map((item) => item.reading));
    const rest = remembered.filter((row) => list !== null || !own.has(row.id));
    if (rest.length === 0 && uploads.items.length > 0) return replace(recent);
    const none = left.known && h("p", { class: "rail-empty quiet small" }, t(list === null ? "reading.none_recent" : "worklist.none_match"));
    replace(recent, listHead(), rest.length ? h("ul", {}, rest.map((row) => recentItem(context, row, current, list))) : none);
  }

  function listHead() {
    if (list === null) return h("h2", { class: "rail-head usual" }, t("reading.recent"));
    return h("h2", { class: "rail-head" }, h("a", { href: `/worklist${list.size ? `?${list}` : ""}` }, t("reading.from_worklist")));
  }

  /** @param {number[] | null} changed which readings; null where it may be any */
  async function refresh(changed = null) {
    try {
      const query = new URLSearchParams(list ?? undefined);
      query.set("limit", String(RECENT));
      const page = await ask(api, query, list === null ? {} : wordsOf());
      remembered = page.readings;
      left.known = true;
      drawRecent();
      rows.renew(changed);
      if (!left.live) unfollow = followChanges(page.sequence, refresh);
      left.live = true;
      element.querySelector("[aria-current=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    } catch (error) {
      if (!isAway(error)) context.toast(/** @type {Error} */ (error).message, "bad"); // of which a banner tells
    }
  }

  const order = () => [...element.querySelectorAll("a[data-reading]")].map((link) => Number(/** @type {HTMLElement} */ (link).dataset.reading));

  /**
   * The address of the reading after or before this one: along the worklist that it was opened from, else as the rail lists them, and on into the worklist.
   * @param {1 | -1} by @returns {Promise<string | null>}
   */
  async function step(by) {
    const at = current === null ? -1 : order().indexOf(current);
    const inRail = list === null && (current === null || at >= 0) ? order()[at + by] : undefined;
    if (inRail !== undefined || current === null) return inRail === undefined ? null : readingInList(inRail, list);
    const found = await api.send("POST", `/api/readings/${current}/neighbours`, { ...Object.fromEntries(list ?? []), ...(list === null ? {} : wordsOf()) });
    const id = by === 1 ? found.next : found.previous;
    return id === null ? null : readingInList(id, list);
  }

  const stop = uploads.follow(drawSent);
  drawSent();
  drawRecent();
  const loaded = refresh();
  /** Whether there are neither uploads nor recorded readings, for all that the server says. */
  const empty = async () => {
    await loaded;
    return left.known && remembered.length === 0 && uploads.items.length === 0;
  };
  const destroy = () => {
    left.live = true;
    unfollow();
    stop();
  };
  return { element, refresh, empty, destroy, step };
}

/** @param {any[]} items */
function finished(items) {
  return items.filter((item) => ENDED.includes(item.status)).length;
}

/** Whether a file counts: what of a folder or an archive is no image was not meant. @param {any} item */
function isMeant(item) {
  return item.status !== "skipped";
}

/** Say how many files were no images, by their names or when the server looked at them. @param {any} context @param {any} uploads */
function skipped({ t }, uploads) {
  const count = uploads.left() + uploads.items.filter((/** @type {any} */ item) => !isMeant(item)).length;
  return count > 0 && h("p", { class: "rail-empty quiet small" }, t("reading.skipped", { count }));
}

/** The readings that a list of sent files shows. @param {any[]} items */
function readings(items) {
  return items.map((item) => item.reading).filter(Boolean).join(" ");
}

/** @param {any} context @param {any} uploads */
function heading({ t }, uploads) {
  const meant = uploads.items.filter(isMeant);
  const share = meant.length ? finished(meant) / meant.length : 1;
  return [
    h("div", { class: "rail-head row spread" },
      h("h2", {}, t("reading.sent", { done: finished(meant), total: meant.length })),
      h("button", { class: "button plain square", type: "button", "aria-label": t("reading.clear"), title: t("reading.clear"), on: { click: uploads.clear } }, icon("cross")),
    ),
    share < 1 && h("div", { class: "meter", style: { "--share": share } }, h("span")),
  ];
}

/** @param {any} context @param {any} uploads @param {any} item @param {number | null} current @param {any} row of its reading, once it is known */
function sentItem(context, uploads, item, current, row) {
  const { t } = context;
  const again = item.again && h("span", {}, `· ${t("reading.again")}`);
  const retry = mayRetry(item) && h("button", { class: "button plain", type: "button", on: { click: () => uploads.retry(item) } }, icon("reset"), t("shell.again"));
  if (item.reading && row) return h("li", {}, link(item.reading, current, item.name, [outcome(context, row, again), reason(item)]), retry);
  const state = h("span", { class: `small ${item.status === "failed" ? "bad" : "quiet"}` }, t(`reading.status_${item.status}`), again);
  if (item.reading) return h("li", {}, link(item.reading, current, item.name, [state, reason(item)]), retry);
  return h("li", { class: "rail-item" },
    h("span", { class: "rail-name", title: item.name }, item.name),
    state,
    reason(item),
    retry,
  );
}

/** Why a file was refused or could not be read. @param {any} item */
function reason(item) {
  return item.reasons.slice(0, 1).map((/** @type {any} */ one) => h("span", { class: "small quiet rail-reason" }, one.text));
}

/** @param {any} context @param {any} row @param {number | null} current @param {URLSearchParams | null} list that it stands in */
function recentItem(context, row, current, list) {
  const { t, format } = context;
  return h("li", { title: format.time(row.time) }, link(row.id, current, row.patient?.name || row.file || t("reading.purged_file"), outcome(context, row), list));
}

/** Say what came of a reading: verdict or status, and whether somebody decided. @param {any} context @param {any} row @param {any} [more] */
export function outcome({ t }, row, more) {
  return h("span", { class: "small quiet row" },
    h("span", { class: "said" }, h("span", { class: "dot", data: { finding: colourOf(row) } }), verdictOf(t, row)),
    row.decisions > 0 && h("span", { class: "row decided" }, icon("check"), t("reading.decided")),
    more,
  );
}

/** @param {import("/static/i18n.js").Translate} t @param {any} row */
function verdictOf(t, row) {
  if (row.withheld && row.status !== "failed") return t("reading.withheld_short");
  if (!row.finding) return t(`reading.status_${row.status}`);
  return verdictWords(t, row);
}

/** @param {number} id @param {number | null} current @param {string} name @param {any} state @param {URLSearchParams | null} [list] */
function link(id, current, name, state, list = null) {
  return h("a", { class: "rail-item", href: readingInList(id, list), data: { reading: id }, "aria-current": id === current ? "true" : null }, h("span", { class: "rail-name", title: name }, name), state);
}
