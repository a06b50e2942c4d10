/**
 * What a person typed and the server does not have yet, kept in the browser (localStorage).
 *
 * It is encrypted (AES-GCM) under a key that the server gives that person alone, after the login, and that is never
 * stored here: without it the disk holds nothing to read. Where the browser has no Web Crypto, as on plain http of
 * another machine, nothing is written to the disk, and the server keeps what was typed (see own_drafts.js).
 */

/**
 * @typedef {object} Vault
 * @property {boolean} lasting whether what is kept here survives the page, even while the server is away
 * @property {(name: string) => Promise<any>} read null where there is nothing, or nothing that this key opens
 * @property {(name: string, value: any) => Promise<Kept>} write
 * @property {() => Promise<Kept>} settle have the server keep what it lacks, where it is the server that keeps
 * @property {(name: string) => Promise<void>} remove
 * @property {(prefix: string) => Promise<string[]>} names
 * @property {() => boolean} perishable whether something is kept that ends with the page
 */

/** @typedef {import("/static/own_drafts.js").Place} Place */
/** @typedef {Place & {saved: () => Promise<boolean>, unsaved: () => boolean}} OwnDrafts */
/** @typedef {"device" | "server" | "page"} Kept where something is kept, "page" only as long as it is open */

const IV_BYTES = 12;
/** @type {Map<string, Map<string, string>>} */
const pages = new Map();

/**
 * Open what a person left here.
 * @param {string} person
 * @param {string} secret 64 hexadecimal digits
 * @param {{storage?: Storage, subtle?: SubtleCrypto | null, ownDrafts?: ((page: Place) => Promise<OwnDrafts>) | null}} [browser] `ownDrafts` opens the place on the server
 * @returns {Promise<Vault>}
 */
export async function openVault(person, secret, { storage = localStorage, subtle = globalThis.crypto?.subtle, ownDrafts = null } = {}) {
  const begin = `neumo.${person}.`;
  const key = subtle ? await subtle.importKey("raw", bytesOf(secret), "AES-GCM", false, ["encrypt", "decrypt"]) : null;
  const own = key || !ownDrafts ? null : await ownDrafts(pageOf(person));
  const place = own ?? (key ? placeOf(storage, begin) : pageOf(person));
  /** One after another, so that what was typed last stays. @type {Promise<any>} */
  let last = Promise.resolve();

  /** @template T @param {() => Promise<T>} work @returns {Promise<T>} */
  function inTurn(work) {
    const next = last.then(work, work);
    last = next.catch(() => {});
    return next;
  }

  /** @param {string} text */
  async function sealed(text) {
    if (!key) return text;
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const content = await /** @type {SubtleCrypto} */ (subtle).encrypt({ name: "AES-GCM", iv }, key, new TextEncoder().encode(text));
    return btoa(String.fromCharCode(...iv, ...new Uint8Array(content)));
  }

  /** @param {string} text */
  async function opened(text) {
    if (!key) return text;
    const all = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const content = await /** @type {SubtleCrypto} */ (subtle).decrypt({ name: "AES-GCM", iv: all.slice(0, IV_BYTES) }, key, all.slice(IV_BYTES));
    return new TextDecoder().decode(content);
  }

  /** @returns {Promise<Kept>} */
  async function settle() {
    if (key) return "device";
    return own && (await own.saved()) ? "server" : "page";
  }

  return {
    lasting: key !== null,
    settle,
    read: (name) => inTurn(async () => {
      const found = place.get(name);
      if (found === null) return null;
      try {
        return JSON.parse(await opened(found));
      } catch {
        return null;
      }
    }),
    write: async (name, value) => {
      await inTurn(async () => place.set(name, await sealed(JSON.stringify(value))));
      return settle();
    },
    remove: (name) => inTurn(async () => place.remove(name)),
    perishable: () => key === null && (own ? own.unsaved() : place.names().length > 0),
    names: (prefix) => inTurn(async () => place.names().filter((name) => name.startsWith(prefix))),
  };
}

/** @param {Storage} storage @param {string} begin */
function placeOf(storage, begin) {
  return {
    get: (/** @type {string} */ name) => storage.getItem(begin + name),
    set: (/** @type {string} */ name, /** @type {string} */ text) => storage.setItem(begin + name, text),
    remove: (/** @type {string} */ name) => storage.removeItem(begin + name),
    names: () => Array.from({ length: storage.length }, (_, index) => String(storage.key(index))).filter((name) => name.startsWith(begin)).map((name) => name.slice(begin.length)),
  };
}

/** @param {string} person */
function pageOf(person) {
  const kept = pages.get(person) ?? new Map();
  pages.set(person, kept);
  return {
    get: (/** @type {string} */ name) => kept.get(name) ?? null,
    set: (/** @type {string} */ name, /** @type {string} */ text) => void kept.set(name, text),
    remove: (/** @type {string} */ name) => void kept.delete(name),
    names: () => [...kept.keys()],
  };
}

/** @param {string} digits */
function bytesOf(digits) {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
