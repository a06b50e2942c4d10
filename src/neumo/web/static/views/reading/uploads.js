/** Uploads in small batches, so that the first answers arrive while the rest is sent. Independent of the view's lifetime. */

import { followJob } from "/static/views/reading/job.js";

const BATCH = 8;
const BATCH_BYTES = 64 * 2 ** 20;
const TRIES = 20;

/**
 * @typedef {object} Item
 * @property {number} key
 * @property {string} name
 * @property {File} file
 * @property {"queued" | "sending" | "waiting" | "reading" | "read" | "refused" | "failed" | "cancelled"} status
 * @property {number | null} reading
 * @property {boolean} again whether these bytes had been read before
 * @property {{code: string, text: string}[]} reasons
 */

/** @typedef {{items: Item[], add: (files: File[]) => void, follow: (told: () => void) => () => void, clear: () => void, retry: (item: Item) => void}} Uploads */

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

/** @param {import("/static/app.js").Context} context @returns {Uploads} */
function createUploads({ api, me, t }) {
  /** @type {Item[]} */
  const items = [];
  const followers = new Set();
  let sending = false;
  let last = 0;
  const tell = () => followers.forEach((told) => told());

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
    batch.forEach((item) => form.append("files", item.file, item.name));
    try {
      const job = await api.send("POST", "/api/readings?async=1", form);
      update(batch, job.files);
      followJob(job.id, (files) => update(batch, files), () => change(unfinished(batch), failure(t("reading.lost"))));
    } catch (error) {
      const { code, message } = /** @type {import("/static/api.js").ApiError} */ (error);
      if (code === "busy" && tries > 0) {
        change(batch, { status: "waiting" });
        await new Promise((resolve) => setTimeout(resolve, 2000));
        return sendBatch(batch, tries - 1);
      }
      change(batch, failure(message));
    }
  }

  /** @param {Item[]} batch @param {any[]} files */
  function update(batch, files) {
    files.forEach(({ index, status, reading, again, reasons }) => Object.assign(batch[index], { status, reading, again, reasons }));
    tell();
  }

  /** @param {Item[]} some @param {Partial<Item>} values */
  function change(some, values) {
    some.forEach((item) => Object.assign(item, values));
    tell();
  }

  return {
    items,
    add: (files) => {
      items.push(...files.map((file) => created(++last, file, me.limits.file_bytes, t)));
      tell();
      sendAll();
    },
    follow: (told) => {
      followers.add(told);
      return () => followers.delete(told);
    },
    clear: () => {
      items.splice(0, items.length, ...unfinished(items));
      tell();
    },
    retry: (item) => {
      change([item], { status: "queued", reasons: [] });
      sendAll();
    },
  };
}

/** @param {number} key @param {File} file @param {number} limit @param {import("/static/i18n.js").Translate} t @returns {Item} */
function created(key, file, limit, t) {
  const start = { key, file, name: file.name || "image.png", status: /** @type {const} */ ("queued"), reading: null, again: false, reasons: [] };
  return file.size > limit ? { ...start, ...failure(t("reading.too_large")) } : start;
}

/** @param {string} text @returns {Pick<Item, "status" | "reasons">} */
function failure(text) {
  return { status: "failed", reasons: [{ code: "not_sent", text }] };
}

/** @param {Item[]} items */
function unfinished(items) {
  return items.filter((item) => ["queued", "sending", "waiting", "reading"].includes(item.status));
}

/** @param {Item[]} items */
function nextBatch(items) {
  const queued = items.filter((item) => item.status === "queued").slice(0, BATCH);
  let bytes = 0;
  return queued.filter((item, index) => {
    bytes += item.file.size;
    return bytes <= BATCH_BYTES || index === 0;
  });
}
