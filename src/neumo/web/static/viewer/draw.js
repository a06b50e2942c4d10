/** Drawing a frame: the radiograph, its heat map over it, beside it, or on one side of a divider, and the lines that were measured. */

import { laid, matrixOf } from "/static/viewer/orientation.js";

/**
 * @typedef {import("/static/viewer/transform.js").Size} Size
 * @typedef {{radiograph: import("/static/viewer/film.js").Film | null, heat: CanvasImageSource | null, opacity: number,
 *   mode: "overlay" | "side" | "swipe", swipe: number, transform: import("/static/viewer/transform.js").Transform,
 *   orientation: import("/static/viewer/orientation.js").Orientation, lines: {from: Point, to: Point, text: string}[]}} Frame
 * @typedef {import("/static/viewer/measure.js").Point} Point
 */

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Size} view CSS pixels
 * @param {number} ratio device pixels a CSS pixel
 * @param {Frame} frame
 */
export function drawFrame(context, view, ratio, frame) {
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, view.width, view.height);
  if (!frame.radiograph?.picture) return;
  const half = view.width / 2;
  if (frame.mode === "side") {
    layer(context, ratio, frame, { x: 0, width: half - 1, height: view.height }, 0, false);
    layer(context, ratio, frame, { x: half + 1, width: half - 1, height: view.height }, half, true);
  } else if (frame.mode === "swipe") {
    const at = view.width * frame.swipe;
    layer(context, ratio, frame, { x: 0, width: at, height: view.height }, 0, false);
    layer(context, ratio, frame, { x: at, width: view.width - at, height: view.height }, 0, true);
  } else {
    layer(context, ratio, frame, { x: 0, width: view.width, height: view.height }, 0, true);
  }
  for (const line of frame.lines) drawLine(context, frame, line);
}

/** @param {CanvasRenderingContext2D} context @param {Frame} frame @param {{from: Point, to: Point, text: string}} line */
function drawLine(context, { radiograph, transform, orientation }, line) {
  if (!radiograph) return;
  const [from, to] = [line.from, line.to].map((point) => {
    const seen = laid(point, radiograph, orientation);
    return { x: seen.x * transform.scale + transform.x, y: seen.y * transform.scale + transform.y };
  });
  for (const [colour, width] of /** @type {const} */ ([["#000", 4], ["#ffe14d", 2]])) {
    Object.assign(context, { strokeStyle: colour, lineWidth: width });
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.lineTo(to.x, to.y);
    for (const end of [from, to]) context.rect(end.x - 2, end.y - 2, 4, 4);
    context.stroke();
  }
  Object.assign(context, { font: "600 14px system-ui, sans-serif", lineWidth: 4, strokeStyle: "#000", fillStyle: "#ffe14d" });
  context.strokeText(line.text, to.x + 8, to.y - 8);
  context.fillText(line.text, to.x + 8, to.y - 8);
}

/**
 * @param {CanvasRenderingContext2D} context @param {number} ratio @param {Frame} frame
 * @param {{x: number, width: number, height: number}} clip @param {number} shift @param {boolean} withHeat
 */
function layer(context, ratio, { radiograph, heat, opacity, transform, orientation }, clip, shift, withHeat) {
  if (!radiograph?.picture) return;
  context.save();
  context.beginPath();
  context.rect(clip.x, 0, clip.width, clip.height);
  context.clip();
  context.setTransform(ratio * transform.scale, 0, 0, ratio * transform.scale, ratio * (transform.x + shift), ratio * transform.y);
  context.transform(...matrixOf(radiograph, orientation));
  context.imageSmoothingQuality = "high";
  context.drawImage(radiograph.picture, 0, 0, radiograph.width, radiograph.height);
  if (withHeat && heat) {
    context.globalAlpha = opacity;
    context.drawImage(heat, 0, 0, radiograph.width, radiograph.height);
  }
  context.restore();
}
