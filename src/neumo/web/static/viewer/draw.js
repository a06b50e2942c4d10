/** Drawing a frame: the radiograph, and its heat map over it, beside it, or on one side of a divider. */

/**
 * @typedef {import("/static/viewer/transform.js").Size} Size
 * @typedef {{radiograph: import("/static/viewer/film.js").Film | null, heat: CanvasImageSource | null, opacity: number,
 *   mode: "overlay" | "side" | "swipe", swipe: number, transform: import("/static/viewer/transform.js").Transform}} Frame
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
}

/**
 * @param {CanvasRenderingContext2D} context @param {number} ratio @param {Frame} frame
 * @param {{x: number, width: number, height: number}} clip @param {number} shift @param {boolean} withHeat
 */
function layer(context, ratio, { radiograph, heat, opacity, transform }, clip, shift, withHeat) {
  if (!radiograph?.picture) return;
  context.save();
  context.beginPath();
  context.rect(clip.x, 0, clip.width, clip.height);
  context.clip();
  context.setTransform(ratio * transform.scale, 0, 0, ratio * transform.scale, ratio * (transform.x + shift), ratio * transform.y);
  context.imageSmoothingQuality = "high";
  context.drawImage(radiograph.picture, 0, 0, radiograph.width, radiograph.height);
  if (withHeat && heat) {
    context.globalAlpha = opacity;
    context.drawImage(heat, 0, 0, radiograph.width, radiograph.height);
  }
  context.restore();
}
