/** Toasts: short messages that do not interrupt, and announcements for screen readers alone. */

import { h, icon } from "/static/dom.js";

/**
 * Create the live regions of toasts and announcements.
 * @returns {{element: HTMLElement, toast: (text: string, kind?: "" | "bad") => void, announce: (text: string) => void}}
 */
export function createToasts() {
  const spoken = h("div", { class: "unseen", role: "status" });
  const shown = h("div", { class: "toasts", role: "log", "aria-live": "polite" });
  return {
    element: h("div", {}, spoken, shown),
    announce: (text) => { spoken.textContent = text; },
    toast: (text, kind = "") => {
      const message = h("div", { class: `toast ${kind}` }, icon(kind === "bad" ? "warning" : "check"), h("span", {}, text));
      shown.append(message);
      setTimeout(() => message.remove(), kind === "bad" ? 12000 : 5000);
    },
  };
}
