/** Files that a person drops, pastes or picks: single ones, and all that lie in folders. */

/** @typedef {{file: File, path: string}} Found `path` states the folders that a file lies in, which were dropped or picked */
/** @typedef {(found: Found[]) => void} Take */

const MOST = 5000;
/** What operating systems leave in folders, and kinds of files on discs that are never images: they are not sent. */
const LEFT_BEHIND = /(^|\/)(\.|__MACOSX\/|Thumbs\.db$|desktop\.ini$)/i;
const NEVER_IMAGES = /\.(exe|dll|msi|jar|class|app|bat|cmd|sh|so|dylib|sys|inf|ini|cfg|html?|css|js|xml|json|txt|md|rtf|pdf|docx?|xlsx?|pptx?|chm|hlp|ico|ttf|wav|mp3|mp4|avi|mpg|iso)$/i;

/**
 * Return what was picked or pasted.
 * @param {Iterable<File>} files
 * @returns {Found[]}
 */
export function picked(files) {
  return [...files].map((file) => ({ file, path: file.webkitRelativePath || file.name })).filter(isMeant);
}

/**
 * Return what was dropped, at any depth of its folders; at most 5,000 files.
 * @param {DataTransfer} transfer of a drop that is being handled: it is empty afterwards
 * @returns {Promise<Found[]>}
 */
export async function dropped(transfer) {
  const files = [...transfer.files];
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (!entries.some((entry) => entry?.isDirectory)) return picked(files);
  /** @type {Found[]} */
  const found = [];
  for (const entry of entries) if (entry) await walk(entry, found);
  return found;
}

/** @param {FileSystemEntry} entry @param {Found[]} found */
async function walk(entry, found) {
  if (found.length >= MOST) return;
  if (entry.isFile) {
    const file = await new Promise((done) => /** @type {FileSystemFileEntry} */ (entry).file(done, () => done(null)));
    const one = { file, path: entry.fullPath.slice(1) };
    if (file && isMeant(one)) found.push(one);
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  // A folder is given in parts; the last one is empty.
  for (let part = await entriesOf(reader); part.length; part = await entriesOf(reader)) {
    for (const inner of part.sort((a, b) => a.name.localeCompare(b.name))) await walk(inner, found);
  }
}

/** @param {FileSystemDirectoryReader} reader @returns {Promise<FileSystemEntry[]>} */
function entriesOf(reader) {
  return new Promise((done) => reader.readEntries(done, () => done([])));
}

/** Whether a file is worth sending: what lies in a folder is not meant as an image only because it is there. @param {Found} found */
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
