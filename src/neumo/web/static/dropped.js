/** Files that a person drops, pastes or picks: single ones, and all that lie in folders. */

/** @typedef {{file: File, path: string}} Found `path` states the folders that a file lies in, which were dropped or picked */
/**
 * @typedef {object} Taking what of the files that were dropped or picked is sent, and how many are left, for each reason
 * @property {Found[]} found
 * @property {number} unlike by their names no images
 * @property {number} beyond more than are taken at once
 * @property {number} unreadable could not be opened
 */
/** @typedef {(taking: Taking) => void} Take */

/** Files that are taken at once. */
export const MOST = 5000;
/** What operating systems leave in folders (all of it is listed in `neumo.core.folders`, by which the server skips it), and kinds of files on discs that are never images: they are not sent. */
const LEFT_BEHIND = /(^|\/)(\.|__MACOSX\/|Thumbs\.db$|desktop\.ini$)/i;
const NEVER_IMAGES = /\.(exe|dll|msi|jar|class|app|bat|cmd|sh|so|dylib|sys|inf|ini|cfg|html?|css|js|xml|json|txt|md|rtf|pdf|docx?|xlsx?|pptx?|chm|hlp|ico|ttf|wav|mp3|mp4|avi|mpg|iso)$/i;

/** @returns {Taking} */
const nothing = () => ({ found: [], unlike: 0, beyond: 0, unreadable: 0 });

/**
 * Return what was picked or pasted.
 * @param {Iterable<File>} files
 * @returns {Taking}
 */
export function picked(files) {
  const taking = nothing();
  for (const file of files) add(taking, { file, path: file.webkitRelativePath || file.name });
  return taking;
}

/**
 * Return what was dropped, at any depth of its folders.
 * @param {DataTransfer} transfer of a drop that is being handled: it is empty afterwards
 * @returns {Promise<Taking>}
 */
export async function dropped(transfer) {
  const files = [...transfer.files];
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (!entries.some((entry) => entry?.isDirectory)) return picked(files);
  const taking = nothing();
  for (const entry of entries) if (entry) await walk(entry, taking);
  return taking;
}

/** Take a file, or count why not. @param {Taking} taking @param {Found} one */
function add(taking, one) {
  if (!isMeant(one)) taking.unlike++;
  else if (taking.found.length >= MOST) taking.beyond++;
  else taking.found.push(one);
}

/** @param {FileSystemEntry} entry @param {Taking} taking */
async function walk(entry, taking) {
  if (entry.isFile) {
    const path = entry.fullPath.slice(1);
    const full = taking.found.length >= MOST; // what is only counted need not be opened
    const file = full ? new File([], entry.name) : await new Promise((done) => /** @type {FileSystemFileEntry} */ (entry).file(done, () => done(null)));
    if (file) add(taking, { file, path });
    else taking.unreadable++;
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  // A folder is given in parts; the last one is empty.
  for (let part = await entriesOf(reader); part.length; part = await entriesOf(reader)) {
    for (const inner of part.sort((a, b) => a.name.localeCompare(b.name))) await walk(inner, taking);
  }
}

/** @param {FileSystemDirectoryReader} reader @returns {Promise<FileSystemEntry[]>} */
function entriesOf(reader) {
  return new Promise((done) => reader.readEntries(done, () => done([])));
}

/** Whether a file is worth sending: what lies in a folder is not meant as an image only because it is there. @param {{path: string}} one */
function isMeant({ path }) {
  return !path.includes("/") || !(LEFT_BEHIND.test(path) || NEVER_IMAGES.test(path));
}

/**
 * Listen to files dropped or pasted anywhere on the page.
 * @param {HTMLElement} veil shown while files are dragged over the page
 * @param {Take} take
 */
export function listenToDrops(veil, take) {
  const holdsFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    veil.hidden = false;
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) veil.hidden = true;
  });
  document.addEventListener("drop", async (event) => {
    veil.hidden = true;
    if (!holdsFiles(event) || !event.dataTransfer) return;
    event.preventDefault();
    take(await dropped(event.dataTransfer));
  });
  document.addEventListener("paste", (event) => {
    const files = event.clipboardData?.files ?? [];
    if (files.length) take(picked(files));
  });
}
