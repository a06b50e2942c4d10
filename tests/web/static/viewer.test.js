/** The viewer's arithmetic: where a radiograph lies in its view, and which grey a level is shown as. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { centred, fit, pan, zoom } from "../../../src/neumo/web/static/viewer/transform.js";
import { dragged, lookup, WHOLE } from "../../../src/neumo/web/static/viewer/window_level.js";

const RADIOGRAPH = { width: 400, height: 200 };
const VIEW = { width: 800, height: 800 };

/** Where a point of the radiograph is shown. */
const shown = (transform, point) => ({ x: point.x * transform.scale + transform.x, y: point.y * transform.scale + transform.y });

const grey = (shade) => shade & 0xff;

test("fit shows the whole radiograph, centred, as large as it goes", () => {
  assert.deepEqual(fit(RADIOGRAPH, VIEW), { scale: 2, x: 0, y: 200 });
  assert.deepEqual(shown(fit(RADIOGRAPH, VIEW), { x: 200, y: 100 }), { x: 400, y: 400 });
});

test("centred keeps the middle of the radiograph in the middle of the view at any scale", () => {
  for (const scale of [0.1, 1, 7.5]) assert.deepEqual(shown(centred(RADIOGRAPH, VIEW, scale), { x: 200, y: 100 }), { x: 400, y: 400 });
});

test("zoom leaves the point under the pointer where it is", () => {
  const from = fit(RADIOGRAPH, VIEW);
  const about = { x: 300, y: 350 };
  const under = { x: (about.x - from.x) / from.scale, y: (about.y - from.y) / from.scale };
  for (const factor of [0.5, 1.1, 3]) {
    const at = shown(zoom(from, factor, about, RADIOGRAPH, VIEW), under);
    assert.ok(Math.abs(at.x - about.x) < 1e-9 && Math.abs(at.y - about.y) < 1e-9);
  }
});

test("zoom stops at 32 times and at a quarter of the fit", () => {
  const from = fit(RADIOGRAPH, VIEW);
  const middle = { x: 400, y: 400 };
  assert.equal(zoom(from, 1e6, middle, RADIOGRAPH, VIEW).scale, 32);
  assert.equal(zoom(from, 1e-6, middle, RADIOGRAPH, VIEW).scale, from.scale / 4);
});

test("pan cannot lose the radiograph: 48 pixels stay in sight on every side", () => {
  const from = fit(RADIOGRAPH, VIEW);
  for (const [dx, dy] of [[1e5, 1e5], [-1e5, -1e5], [1e5, -1e5]]) {
    const to = pan(from, dx, dy, RADIOGRAPH, VIEW);
    assert.ok(to.x <= VIEW.width - 48 && to.x + RADIOGRAPH.width * to.scale >= 48);
    assert.ok(to.y <= VIEW.height - 48 && to.y + RADIOGRAPH.height * to.scale >= 48);
  }
});

test("the whole window shows every level as it is, opaque", () => {
  const shades = lookup(WHOLE, false);
  for (let level = 0; level < 256; level++) {
    assert.equal(grey(shades[level]), level);
    assert.equal(shades[level] >>> 24, 255);
    assert.equal(grey(lookup(WHOLE, true)[level]), 255 - level);
  }
});

test("a window clips below and above, and is monotone between", () => {
  const shades = lookup({ centre: 100, width: 40 }, false);
  assert.equal(grey(shades[79]), 0);
  assert.equal(grey(shades[120]), 255);
  assert.equal(grey(shades[100]), 128);
  for (let level = 1; level < 256; level++) assert.ok(grey(shades[level]) >= grey(shades[level - 1]));
});

test("a drag to the right widens, a drag down brightens, both within bounds", () => {
  assert.equal(dragged(WHOLE, 10, 0).width, WHOLE.width + 10);
  assert.equal(dragged(WHOLE, 0, 10).centre, WHOLE.centre - 5);
  assert.deepEqual(dragged(WHOLE, 1e6, -1e6), { centre: 255, width: 510 });
  assert.deepEqual(dragged(WHOLE, -1e6, 1e6), { centre: 0, width: 4 });
});
