/** What a person typed, kept by the server for that person alone, where the browser cannot encrypt it. */

const PAUSE = 300;

/**
 * @typedef {object} Place where a vault keeps texts, by name
 * @property {(name: string) => string | null} get
 * @property {(name: string, text: string) => void} set
 * @property {(name: string) => void} remove
 * @property {() => string[]} names
 */

/**
 * A place beside this page's memory, which follows it to the server.
 * @param {import("/static/api.js").Api} api
 * @param {Place} page
 * @returns {Promise<Place & {saved: () => Promise<boolean>, unsaved: () => boolean}>} `saved`: whether the server has all of it now
 */
export async function openOwnDrafts(api, page) {
  /** Names that the server does not have as they are here. @type {Set<string>} */
  const changed = new Set();
  /** @type {Promise<boolean> | null} */
  let saving = null;
  await fetchAll();

  async function fetchAll() {
    try {
      const known = new Map((await api.get("/api/drafts")).drafts.map((/** @type {any} */ one) => [`${one.kind}.${one.reading}`, one.text]));
      for (const [name, text] of known) if (page.get(name) === null) page.set(name, text);
      for (const name of page.names()) if (page.get(name) !== known.get(name)) changed.add(name);
    } catch {
      page.names().forEach((name) => changed.add(name));
    }
  }

  async function save() {
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    saving = null;
    for (const name of [...changed]) {
      const text = page.get(name);
      changed.delete(name);
      try {
        const path = `/api/drafts/${name.replace(".", "/")}`;
        if (text === null) await api.send("DELETE", path);
        else await api.send("PUT", path, { text });
      } catch {
        changed.add(name);
        return false;
      }
    }
    return true;
  }

  return {
    ...page,
    set: (name, text) => {
      page.set(name, text);
      changed.add(name);
    },
    remove: (name) => {
      page.remove(name);
      changed.add(name);
      saving ??= save();
    },
    saved: () => {
      if (changed.size > 0) saving ??= save();
      return saving ?? Promise.resolve(true);
    },
    unsaved: () => changed.size > 0,
  };
}
