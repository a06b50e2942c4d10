/** The stage: the viewer and its toolbar. */

import { h, icon, replace } from "/static/dom.js";
import { createToolbar } from "/static/views/reading/toolbar.js";
import { createViewer } from "/static/viewer/viewer.js";

/** @param {import("/static/app.js").Context} context */
export function createStage(context) {
  const { t } = context;
  const place = h("div", { class: "canvas-place" });
  const viewer = createViewer(place, context);
  const toolbar = createToolbar(context, viewer, place);
  const element = h("div", { class: "stage" }, toolbar.element, place);
  let shown = "";

  /** @param {any} reading */
  function load(reading) {
    if (!reading.pixels_kept) return replace(element, h("div", { class: "empty" }, icon("lungs"), h("p", {}, t(reading.status === "failed" ? "reading.no_film" : "reading.no_pixels"))));
    const path = `/api/readings/${reading.id}`;
    const mapped = reading.class_maps.length > 0;
    const key = `${path} ${mapped}`;
    if (shown === key) return;
    shown = key;
    toolbar.offer(reading.class_maps);
    viewer.load({
      imageUrl: (side) => `${path}/image.pgm?max_side=${side}`,
      width: reading.width,
      height: reading.height,
      spacing: reading.pixel_spacing,
      first: reading.finding,
      heatmapUrl: mapped ? (finding) => `${path}/heatmap.png?finding=${finding}` : undefined,
    });
  }

  return { element, load, destroy: viewer.destroy };
}
