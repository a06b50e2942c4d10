/** A square plot of shares: both axes from 0 to 1, lines and points in SVG. Each plot stands beside a table with the same numbers. */

import { s } from "/static/dom.js";

const SIDE = 320;
const LEFT = 44;
const BOTTOM = 40;
const TOP = 12;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

const across = (/** @type {number} */ share) => LEFT + share * SIDE;
const up = (/** @type {number} */ share) => TOP + (1 - share) * SIDE;

/**
 * @param {object} parts
 * @param {string} parts.label what a screen reader says of the plot
 * @param {string} parts.x name of the horizontal axis
 * @param {string} parts.y name of the vertical axis
 * @param {{kind: string, points: [number, number | null][]}[]} [parts.lines] `kind` is a class: `first`, `second`, `even`; a line has a gap
 *   where a height is null, that is undefined
 * @param {{at: [number, number], weight: number}[]} [parts.dots] weight 0-1 decides the area
 * @param {number} [parts.cursor] a vertical line
 */
export function plot({ label, x, y, lines = [], dots = [], cursor }) {
  return s("svg", { class: "plot", viewBox: `0 0 ${LEFT + SIDE + 12} ${TOP + SIDE + BOTTOM}`, role: "img", "aria-label": label },
    TICKS.map((share) => [
      s("line", { class: "grid", x1: across(share), x2: across(share), y1: up(0), y2: up(1) }),
      s("line", { class: "grid", x1: across(0), x2: across(1), y1: up(share), y2: up(share) }),
      s("text", { x: across(share), y: up(0) + 16, "text-anchor": "middle" }, share),
      s("text", { x: LEFT - 6, y: up(share) + 4, "text-anchor": "end" }, share),
    ]),
    s("text", { class: "axis", x: across(0.5), y: up(0) + 34, "text-anchor": "middle" }, x),
    s("text", { class: "axis", transform: `translate(12 ${up(0.5)}) rotate(-90)`, "text-anchor": "middle" }, y),
    lines.map(({ kind, points }) => unbroken(points).map((run) => s("polyline", { class: `line ${kind}`, points: run.map(([a, b]) => `${across(a).toFixed(1)},${up(b).toFixed(1)}`).join(" ") }))),
    dots.map(({ at, weight }) => s("circle", { class: "dot", cx: across(at[0]), cy: up(at[1]), r: 3 + 7 * Math.sqrt(weight) })),
    cursor === undefined ? null : s("line", { class: "cursor", x1: across(cursor), x2: across(cursor), y1: up(0), y2: up(1) }),
  );
}

/** Cut a line where it is undefined. @param {[number, number | null][]} points @returns {[number, number][][]} */
function unbroken(points) {
  /** @type {[number, number][][]} */
  const runs = [[]];
  for (const [x, y] of points) {
    if (y === null) runs.push([]);
    else runs[runs.length - 1].push([x, y]);
  }
  return runs.filter((run) => run.length > 0);
}
