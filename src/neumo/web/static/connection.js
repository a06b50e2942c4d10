/** Offline banner: shown while the server cannot be reached, with polling until it answers. */

import { h, icon } from "/static/dom.js";

const EVERY = 3000;

/**
 * Create the banner. It polls the server until it answers.
 * @param {(key: string) => string} t
 * @param {() => void} onBack called once the server answers again
 * @returns {{element: HTMLElement, lost: () => void}}
 */
export function createConnection(t, onBack) {
  const text = h("span");
  const element = h("div", { class: "banner", role: "alert", hidden: true }, icon("offline"), text);
  let timer = 0;

  async function again() {
    try {
      const answer = await fetch("/healthz");
      text.textContent = t(answer.ok ? "shell.offline" : "shell.unavailable");
      if (!answer.ok) return;
    } catch {
      return;
    }
    clearInterval(timer);
    timer = 0;
    element.hidden = true;
    onBack();
  }

  return {
    element,
    lost: () => {
      if (timer) return;
      text.textContent = t("shell.offline");
      element.hidden = false;
      timer = setInterval(again, EVERY);
    },
  };
}
