/** Uploads in small batches, so that the first answers arrive while the rest is sent. Independent of the view's lifetime. */

import { isAway } from "/static/unsent.js";
import { followJob } from "/static/views/reading/job.js";

const BATCH = 8;
const BATCH_BYTES = 64 * 2 ** 20;
const TRIES = 20;
const MOST_LOST = 2;
/** Followers are told of many changes at once. */
const PAUSE = 30;
/** Reasons that another attempt may overcome. */
const PASSING = ["not_sent", "cancelled", "server_fault", "disk_full", "archive_unavailable", "timeout"];

/**
 * @typedef {object} Item
 * @property {number} key
 * @property {string} name
 * @property {string} path with the folders that were dropped
 * @property {File | null} file null where it came in an archive
 * @property {"queued" | "sending" | "offline" | "waiting" | "reading" | "read" | "refused" | "failed" | "cancelled" | "skipped"} status
 * @property {number | null} reading
 * @property {boolean} again whether these bytes had been read before
 * @property {{code: string, text: string}[]} reasons
 * @property {number} lost how often the server forgot it
 */

/** @typedef {{items: Item[], left: () => number, add: (taking: import("/static/dropped.js").Taking) => void, follow: (told: () => void) => () => void, clear: () => void, retry: (item: Item) => void, resume: () => void}} Uploads */

/** @type {Map<string, Uploads>} */
const known = new Map();

/**
 * Return a person's uploads since the page was loaded.
 * @param {import("/static/app.js").Context} context
 * @returns {Uploads}
 */
export function uploadsOf(context) {
  const found = known.get(context.me.person) ?? createUploads(context);
  known.set(context.me.person, found);
  return found;
}

/** Send what waits for the server or the login. @param {string} person */
export function resumeUploads(person) {
  known.get(person)?.resume();
}

/** Whether files are not sent yet, which only this page holds. @param {string} person */
export function waitingUploads(person) {
  return known.get(person)?.items.some((item) => ["queued", "sending", "offline"].includes(item.status)) ?? false;
}

/** @param {import("/static/app.js").Context} context @returns {Uploads} */
function createUploads({ api, me, t }) {
  /** @type {Item[]} */
  const items = [];
  const followers = new Set();
  /** Files that were not sent, since their names say that they are no images. */
  let left = 0;
  let sending = false;
  let last = 0;
  let timer = 0;
  function tell() {
    if (timer) return;
    timer = window.setTimeout(() => {
      timer = 0;
      followers.forEach((told) => told());
    }, PAUSE);
  }

  async function sendAll() {
    if (sending) return;
    sending = true;
    for (let batch = nextBatch(items); batch.length; batch = nextBatch(items)) {
      await sendBatch(batch);
    }
    sending = false;
  }

  /** @param {Item[]} batch @param {number} [tries] */
  async function sendBatch(batch, tries = TRIES) {
    change(batch, { status: "sending" });
    const form = new FormData();
    batch.forEach((item) => form.append("files", /** @type {File} */ (item.file), item.path));
    try {
      const job = await api.send("POST", "/api/readings?async=1", form);
      const own = itemsOf(job.files, batch);
      update(own, job.files);
      followJob(job.id, (files) => update(own, files), () => again(unfinished(own)));
    } catch (error) {
      const { code, message } = /** @type {import("/static/api.js").ApiError} */ (error);
      if (code === "busy" && tries > 0) {
        change(batch, { status: "waiting" });
        await new Promise((resolve) => setTimeout(resolve, 2000));
        return sendBatch(batch, tries - 1);
      }
      change(batch, isAway(error) || code === "not_logged_in" ? { status: "offline" } : failure(message));
    }
  }

  /** Send once more what the server forgot, as after its restart; what keeps getting lost may be what stops it. @param {Item[]} some */
  function again(some) {
    for (const item of some) Object.assign(item, item.file && item.lost < MOST_LOST ? { status: "queued", lost: item.lost + 1 } : failure(t("reading.lost")));
    tell();
    sendAll();
  }

  /** The item of each file of a job: an archive's stands for the first file in it, and the others are added. @param {any[]} files @param {Item[]} batch */
  function itemsOf(files, batch) {
    const first = new Set();
    return files.map(({ name, upload }) => {
      const sent = batch[upload];
      if (!first.has(upload)) {
        first.add(upload);
        const packed = files.filter((file) => file.upload === upload).length > 1 || name !== sent.name;
        return Object.assign(sent, packed ? { name, file: null } : {});
      }
      const item = { ...sent, key: ++last, name, file: null };
      items.push(item);
      return item;
    });
  }

  /** @param {Item[]} own @param {any[]} files */
  function update(own, files) {
    files.forEach(({ index, status, reading, again, reasons }) => Object.assign(own[index], { status, reading, again, reasons }));
    tell();
  }

  /** @param {Item[]} some @param {Partial<Item>} values */
  function change(some, values) {
    some.forEach((item) => Object.assign(item, values));
    tell();
  }

  return {
    items,
    left: () => left,
    add: ({ found, unlike }) => {
      left += unlike;
      items.push(...found.map((one) => created(++last, one, me.limits, t)));
      tell();
      sendAll();
    },
    follow: (told) => {
      followers.add(told);
      return () => followers.delete(told);
    },
    clear: () => {
      items.splice(0, items.length, ...unfinished(items));
      left = 0;
      tell();
    },
    resume: () => {
      change(items.filter((item) => item.status === "offline"), { status: "queued" });
      sendAll();
    },
    retry: (item) => {
      change([item], { status: "queued", reasons: [] });
      sendAll();
    },
  };
}

/** @param {number} key @param {import("/static/dropped.js").Found} found @param {any} limits @param {import("/static/i18n.js").Translate} t @returns {Item} */
function created(key, { file, path }, limits, t) {
  const name = path.slice(path.lastIndexOf("/") + 1) || "image.png";
  const start = { key, file, path: path || name, name, status: /** @type {const} */ ("queued"), reading: null, again: false, reasons: [], lost: 0 };
  const limit = /\.zip$/i.test(name) ? limits.request_bytes : limits.file_bytes;
  return file.size > limit ? { ...start, ...failure(t("reading.too_large"), "too_large") } : start;
}

/** Whether sending an item once more may help. @param {Item} item */
export function mayRetry({ status, file, reasons }) {
  return file !== null && (status === "cancelled" || (status === "failed" && reasons.every(({ code }) => PASSING.includes(code))));
}

/** @param {string} text @param {string} [code] @returns {Pick<Item, "status" | "reasons">} */
function failure(text, code = "not_sent") {
  return { status: "failed", reasons: [{ code, text }] };
}

/** Whether it is not known yet what comes of an item. @param {Item} item */
export function underway(item) {
  return ["queued", "sending", "offline", "waiting", "reading"].includes(item.status);
}

/** @param {Item[]} items */
function unfinished(items) {
  return items.filter(underway);
}

/** @param {Item[]} items */
function nextBatch(items) {
  const queued = items.filter((item) => item.status === "queued").slice(0, BATCH);
  let bytes = 0;
  return queued.filter((item, index) => {
    bytes += item.file?.size ?? 0;
    return bytes <= BATCH_BYTES || index === 0;
  });
}
