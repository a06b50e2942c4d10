/** Drafts of decisions, and decisions that the server could not take yet; both survive the page (see vault.js). */

/** Answers that say nothing about the decision itself. */
const AWAY = [0, 502, 503, 504];

/**
 * @typedef {{conclusion: string | null, abnormality: string, note: string}} Typed
 * @typedef {{id: number, fate: "sent" | "conflict" | "refused", text: string}} Outcome
 */

/**
 * @typedef {object} Unsent
 * @property {boolean} lasting whether what is kept survives the page
 * @property {() => boolean} perishable whether something is kept that ends with the page
 * @property {(reading: any) => Promise<{typed: Typed, waiting: boolean} | null>} load
 * @property {(reading: any, typed: Typed) => Promise<import("/static/vault.js").Kept | null>} keep a draft; an empty one is removed
 * @property {(reading: any, typed: Typed) => Promise<unknown>} wait keep a decision until the server takes it
 * @property {(reading: any) => Promise<void>} drop
 * @property {(kind: string, reading: any) => Promise<string>} loadText another text about a reading; empty without one
 * @property {(kind: string, reading: any, text: string) => Promise<unknown>} keepText an empty one is removed
 * @property {() => Promise<Outcome[]>} flush send what waits
 */

/**
 * @param {import("/static/api.js").Api} api
 * @param {import("/static/vault.js").Vault} vault
 * @param {string} person
 * @returns {Unsent}
 */
export function createUnsent(api, vault, person) {
  /** @type {Promise<Outcome[]> | null} */
  let flushing = null;

  async function sendAll() {
    /** @type {Outcome[]} */
    const outcomes = [];
    await vault.settle();
    for (const name of await vault.names("decision.")) {
      const kept = await vault.read(name);
      if (!kept?.waiting) continue;
      const outcome = await sendOne(Number(name.slice("decision.".length)), kept);
      if (outcome === null) break;
      if (outcome.fate === "sent") await vault.remove(name);
      else await vault.write(name, { ...kept, waiting: false });
      outcomes.push(outcome);
    }
    return outcomes;
  }

  /** @param {number} id @param {any} kept @returns {Promise<Outcome | null>} null where the server cannot be asked now */
  async function sendOne(id, kept) {
    try {
      await postDecision(api, id, kept.revision, kept.typed);
      return { id, fate: "sent", text: "" };
    } catch (error) {
      const { status, code, problem, message } = /** @type {import("/static/api.js").ApiError} */ (error);
      if (isAway(error) || status === 401) return null;
      if (code !== "decided_meanwhile") return { id, fate: "refused", text: message };
      // The answer to an earlier attempt may have been lost on its way.
      const own = isOwn(problem.decisions?.at(-1), person, kept.typed);
      return own ? { id, fate: "sent", text: "" } : { id, fate: "conflict", text: message };
    }
  }

  return {
    lasting: vault.lasting,
    perishable: vault.perishable,
    load: async (reading) => {
      const kept = await vault.read(nameOf(reading));
      // Another database behind the same address has other readings under the same numbers.
      if (kept?.time !== reading.time) return null;
      // Saved, and the page was left before it learned of that.
      if (!isOwn(reading.decisions?.at(-1), person, kept.typed)) return kept;
      await vault.remove(nameOf(reading));
      return null;
    },
    keep: async (reading, typed) => {
      if (!isEmpty(typed)) return vault.write(nameOf(reading), { time: reading.time, typed, waiting: false });
      await vault.remove(nameOf(reading));
      return null;
    },
    wait: (reading, typed) => vault.write(nameOf(reading), { time: reading.time, typed, waiting: true, revision: reading.revision }),
    drop: (reading) => vault.remove(nameOf(reading)),
    loadText: async (kind, reading) => {
      const kept = await vault.read(`${kind}.${reading.id}`);
      return kept?.time === reading.time ? kept.text : "";
    },
    keepText: (kind, reading, text) => (text ? vault.write(`${kind}.${reading.id}`, { time: reading.time, text }) : vault.remove(`${kind}.${reading.id}`)),
    flush: () => {
      flushing ??= sendAll().finally(() => {
        flushing = null;
      });
      return flushing;
    },
  };
}

/**
 * Send a decision.
 * @param {import("/static/api.js").Api} api @param {number} id @param {number} revision last one that the person saw @param {Typed} typed
 */
export function postDecision(api, id, revision, { conclusion, abnormality, note }) {
  const body = { conclusion, note, ...(conclusion === "OTHER_ABNORMAL" ? { abnormality } : {}) };
  return api.send("POST", `/api/readings/${id}/decisions`, body, { headers: { "If-Match": `"r${revision}"` } });
}

/** Whether a request failed because the server could not be reached, or could not work. @param {any} error */
export function isAway(error) {
  return AWAY.includes(error.status);
}

/** @param {any} reading */
function nameOf(reading) {
  return `decision.${reading.id}`;
}

/** @param {Typed} typed */
function isEmpty({ conclusion, abnormality, note }) {
  return !conclusion && !abnormality && !note;
}

/** @param {any} decision @param {string} person @param {Typed} typed */
function isOwn(decision, person, { conclusion, abnormality, note }) {
  if (decision?.person !== person || decision.note !== note) return false;
  if (conclusion === "AGREE") return decision.agrees === true;
  return decision.conclusion === conclusion && (conclusion !== "OTHER_ABNORMAL" || decision.abnormality === abnormality.trim());
}
