/** The radiograph's grey levels, and the canvas that shows them through a window. */

/**
 * Load a radiograph. Rejects where the server does not give it.
 * @param {string} url of an 8-bit PNG
 */
export async function loadRadiograph(url) {
  const picture = await loadPicture(url);
  const { width, height } = picture;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  context.drawImage(picture, 0, 0);
  const shown = context.getImageData(0, 0, width, height);
  const pixels = new Uint32Array(shown.data.buffer);
  const levels = Uint8Array.from(pixels, (pixel) => pixel & 255);

  /** @param {Uint32Array} shades */
  function develop(shades) {
    for (let index = 0; index < levels.length; index++) pixels[index] = shades[levels[index]];
    context.putImageData(shown, 0, 0);
  }

  return { width, height, canvas, develop };
}

/**
 * Load a picture, decoded.
 * @param {string} url
 * @returns {Promise<HTMLImageElement>}
 */
export async function loadPicture(url) {
  const picture = new Image();
  picture.src = url;
  await picture.decode();
  return picture;
}
