/** Modal dialogs: the browser's `<dialog>`, for correct focus, Escape and backdrop. A dialog belongs to the view that it was opened in. */

import { square } from "/static/controls.js";
import { h } from "/static/dom.js";

/**
 * Open a dialog; it is removed from the page when closed.
 * @param {import("/static/i18n.js").Translate} t
 * @param {string} title
 * @param {(Node | string)[]} content
 * @returns {HTMLDialogElement}
 */
export function openDialog(t, title, content) {
  closeDialogs();
  const dialog = /** @type {HTMLDialogElement} */ (
    h("dialog", { class: "dialog", "aria-label": title },
      h("div", { class: "head" },
        h("h2", {}, title),
        square("cross", t("shell.close"), () => dialog.close(), "plain"),
      ),
      h("div", { class: "body", tabindex: "0" }, content),
    )
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Close whatever is open, as before another view is shown: nothing may cover it. */
export function closeDialogs() {
  for (const dialog of document.querySelectorAll("dialog[open]")) /** @type {HTMLDialogElement} */ (dialog).close();
}
