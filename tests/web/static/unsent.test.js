/** Drafts and decisions that wait: encrypted on the device, sent once, never lost. */

import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { test } from "node:test";

import { openOwnDrafts } from "../../../src/neumo/web/static/own_drafts.js";
import { createUnsent } from "../../../src/neumo/web/static/unsent.js";
import { openVault } from "../../../src/neumo/web/static/vault.js";

// The Node.js of Debian 12 does not have what browsers have under this name.
globalThis.crypto ??= webcrypto;

const KEY = "ab".repeat(32);
const READING = { id: 7, time: "2026-01-01T00:00:00Z", revision: 2 };
const TYPED = { conclusion: "OTHER_ABNORMAL", abnormality: "masa hiliar", note: "ñandú García" };
const EMPTY = { conclusion: null, abnormality: "", note: "" };

function storageOf() {
  const kept = new Map();
  return {
    kept,
    get length() { return kept.size; },
    key: (index) => [...kept.keys()][index],
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, text) => void kept.set(name, text),
    removeItem: (name) => void kept.delete(name),
  };
}

/** A server that answers with what `answers` gives, first come first served. */
function serverOf(...answers) {
  const asked = [];
  const send = async (_method, path, body, { headers }) => {
    asked.push({ path, body, tag: headers["If-Match"] });
    const answer = answers.shift();
    if (answer?.status !== undefined) throw answer;
    return answer;
  };
  return { asked, send };
}

const opened = async (storage, server = serverOf(), key = KEY, person = "ana") => createUnsent(server, await openVault(person, key, { storage }), person);

test("a draft comes back, and the device holds none of its words", async () => {
  const storage = storageOf();
  await (await opened(storage)).keep(READING, TYPED);
  const [[name, text]] = [...storage.kept];
  assert.equal(name, "neumo.ana.decision.7");
  for (const word of ["hiliar", "García", "OTHER"]) assert.ok(!`${text} ${atob(text)}`.includes(word), word);
  assert.deepEqual((await (await opened(storage)).load(READING)).typed, TYPED);
});

test("another key, another person and another reading find nothing", async () => {
  const storage = storageOf();
  await (await opened(storage)).keep(READING, TYPED);
  assert.equal(await (await opened(storage, serverOf(), "cd".repeat(32))).load(READING), null);
  assert.equal(await (await opened(storage, serverOf(), KEY, "ben")).load(READING), null);
  assert.equal(await (await opened(storage)).load({ ...READING, time: "2027-01-01T00:00:00Z" }), null);
});

test("what was typed last stays, and an emptied draft is gone", async () => {
  const storage = storageOf();
  const unsent = await opened(storage);
  await Promise.all(["a", "ab", "abc"].map((note) => unsent.keep(READING, { ...TYPED, note })));
  assert.equal((await unsent.load(READING)).typed.note, "abc");
  await unsent.keep(READING, EMPTY);
  assert.equal(storage.kept.size, 0);
});

test("a decision waits until the server takes it, and is sent once", async () => {
  const storage = storageOf();
  const server = serverOf({ status: 0 }, { status: 503 }, {});
  const unsent = await opened(storage, server);
  await unsent.keep({ ...READING, id: 8 }, TYPED); // a draft is not sent
  await unsent.wait(READING, TYPED);
  assert.deepEqual([await unsent.flush(), await unsent.flush()], [[], []]);
  assert.equal((await unsent.load(READING)).waiting, true);
  const [[outcome], same] = await Promise.all([unsent.flush(), unsent.flush()]);
  assert.deepEqual([outcome, same], [{ id: 7, fate: "sent", text: "" }, [outcome]]);
  assert.deepEqual(server.asked.at(-1), { path: "/api/readings/7/decisions", body: { conclusion: "OTHER_ABNORMAL", note: TYPED.note, abnormality: TYPED.abnormality }, tag: '"r2"' });
  assert.equal(await unsent.load(READING), null);
  assert.deepEqual(await unsent.flush(), []);
  assert.equal(server.asked.length, 3);
});

test("somebody who decided meanwhile makes it a draft again", async () => {
  const conflict = { status: 412, code: "decided_meanwhile", message: "meanwhile", problem: { decisions: [{ person: "ben", conclusion: "NORMAL", note: "" }] } };
  const unsent = await opened(storageOf(), serverOf(conflict));
  await unsent.wait(READING, TYPED);
  assert.deepEqual(await unsent.flush(), [{ id: 7, fate: "conflict", text: "meanwhile" }]);
  assert.deepEqual([(await unsent.load(READING)).waiting, (await unsent.load(READING)).typed], [false, TYPED]);
});

test("a decision whose answer was lost on its way is not sent twice", async () => {
  const own = { person: "ana", conclusion: "OTHER_ABNORMAL", abnormality: "masa hiliar", note: TYPED.note };
  const unsent = await opened(storageOf(), serverOf({ status: 412, code: "decided_meanwhile", problem: { decisions: [own] } }));
  await unsent.wait(READING, TYPED);
  assert.deepEqual(await unsent.flush(), [{ id: 7, fate: "sent", text: "" }]);
});

test("a draft that was saved before the page learned of it is gone", async () => {
  const storage = storageOf();
  const unsent = await opened(storage);
  await unsent.keep(READING, TYPED);
  const own = { person: "ana", conclusion: "OTHER_ABNORMAL", abnormality: "masa hiliar", note: TYPED.note };
  assert.equal(await unsent.load({ ...READING, decisions: [own] }), null);
  assert.equal(storage.kept.size, 0);
});

test("an ended session keeps it waiting, a refusal keeps it as a draft", async () => {
  const unsent = await opened(storageOf(), serverOf({ status: 401, code: "not_logged_in" }, { status: 404, code: "not_found", message: "gone" }));
  await unsent.wait(READING, TYPED);
  assert.deepEqual(await unsent.flush(), []);
  assert.deepEqual(await unsent.flush(), [{ id: 7, fate: "refused", text: "gone" }]);
  assert.equal((await unsent.load(READING)).waiting, false);
});

test("other texts about a reading are kept likewise, and are no decisions", async () => {
  const storage = storageOf();
  const server = serverOf();
  const unsent = await opened(storage, server);
  await unsent.keepText("reason", READING, "small for her age");
  assert.equal(await (await opened(storage)).loadText("reason", READING), "small for her age");
  assert.equal(await unsent.loadText("reason", { ...READING, time: "2027-01-01T00:00:00Z" }), "");
  assert.deepEqual([await unsent.flush(), server.asked, await unsent.load(READING)], [[], [], null]);
  await unsent.keepText("reason", READING, "");
  assert.equal(storage.kept.size, 0);
});

test("without Web Crypto nothing is written to the device", async () => {
  const storage = storageOf();
  const vault = await openVault("ana", KEY, { storage, subtle: null });
  const unsent = createUnsent(serverOf(), vault, "ana");
  await unsent.keep(READING, TYPED);
  assert.deepEqual([unsent.lasting, storage.kept.size, (await unsent.load(READING)).typed], [false, 0, TYPED]);
  assert.equal(unsent.perishable(), true);
  await unsent.drop(READING);
  assert.equal(unsent.perishable(), false);
});

/** The server's store of one person's drafts; `away` makes it fail. */
function draftsOf() {
  const store = { kept: new Map(), away: false };
  const checked = () => {
    if (store.away) throw Object.assign(new Error("away"), { status: 0 });
  };
  const api = {
    get: async () => {
      checked();
      return { drafts: [...store.kept].map(([path, text]) => ({ kind: path.split("/")[0], reading: Number(path.split("/")[1]), text })) };
    },
    send: async (method, path, body) => {
      checked();
      const name = path.slice("/api/drafts/".length);
      if (method === "DELETE") store.kept.delete(name);
      else store.kept.set(name, body.text);
    },
  };
  return { store, ownDrafts: (page) => openOwnDrafts(api, page) };
}

/** A page that was just loaded: modules keep what belongs to a page. */
let pages = 0;
async function loadedPage({ ownDrafts }, person) {
  const fresh = await import(`../../../src/neumo/web/static/vault.js?page=${++pages}`);
  return createUnsent(serverOf(), await fresh.openVault(person, KEY, { storage: storageOf(), subtle: null, ownDrafts }), person);
}

test("without Web Crypto the server keeps a draft through a reload, and forgets it", async () => {
  const server = draftsOf();
  const first = await loadedPage(server, "eva");
  const kept = await Promise.all(["a", "ab", TYPED.note].map((note) => first.keep(READING, { ...TYPED, note })));
  assert.deepEqual([kept, server.store.kept.size, first.perishable()], [["server", "server", "server"], 1, false]);
  const second = await loadedPage(server, "eva");
  assert.deepEqual((await second.load(READING)).typed, TYPED);
  await second.keepText("reason", READING, "small");
  assert.deepEqual([...server.store.kept.keys()], ["decision/7", "reason/7"]);
  await second.drop(READING);
  await second.flush();
  assert.deepEqual([[...server.store.kept.keys()], await (await loadedPage(server, "eva")).load(READING)], [["reason/7"], null]);
});

test("while the server is away the page keeps the draft, says so, and hands it over afterwards", async () => {
  const server = draftsOf();
  const page = await loadedPage(server, "eva");
  server.store.away = true;
  assert.equal(await page.keep(READING, TYPED), "page");
  assert.deepEqual([page.perishable(), (await page.load(READING)).typed], [true, TYPED]);
  server.store.away = false;
  await page.flush();
  assert.deepEqual([page.perishable(), server.store.kept.size], [false, 1]);
});
