/** Saving a fetched file, as a link to it would. */

import { h } from "/static/dom.js";

const SECONDS = 10;

/** @param {Blob} blob @param {string} name */
export function saveFile(blob, name) {
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), SECONDS * 1000);
}
