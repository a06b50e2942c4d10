/** The legend of a heat map: its colours from weak to strong, and what they do not say. */

import { h, replace } from "/static/dom.js";

/** @param {import("/static/i18n.js").Translate} t */
export function createLegend(t) {
  const title = h("strong");
  const element = h("figure", { class: "viewer-legend", hidden: true },
    h("figcaption", {}, title, h("p", {}, t("viewer.legend_caveat"))),
    h("div", { class: "heat-scale", "aria-hidden": "true" }),
    h("div", { class: "heat-ends" }, h("span", {}, t("viewer.legend_weak")), h("span", {}, t("viewer.legend_strong"))),
  );
  return {
    element,
    /** @param {string | null} finding whose heat map is shown */
    show: (finding) => {
      element.hidden = finding === null;
      if (finding !== null) replace(title, t("viewer.overlay_of", { finding: t(`findings_short.${finding}`).toLocaleLowerCase() }));
    },
  };
}
