"""Layout checks in the browser: elements of a page that are cut off, overlong or squeezed."""

from typing import Any

from playwright.sync_api import Page

_FIND = """() => {
  const shown = (element) => {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    return box.width > 2 && box.height > 2 && style.visibility !== "hidden" && style.clipPath === "none";
  };
  // What can be scrolled into sight is not cut off; but the page itself does not scroll sideways.
  const scrolled = (element) => {
    for (let above = element.parentElement; above && !above.matches("main, body"); above = above.parentElement) {
      const scrolls = /auto|scroll/.test(getComputedStyle(above).overflowX);
      if (scrolls && above.scrollWidth > above.clientWidth) return !above.matches(".answer");
    }
    return false;
  };
  // Names of files and patients may be shortened where the whole stands in a hint.
  const words = (text) => (text || "").replace(/[^\\p{L}\\p{N}]+/gu, " ").trim();
  const hinted = (element) => {
    const hints = [element.closest("[title]"), ...element.querySelectorAll("[title]")].filter(Boolean);
    const told = hints.map((hint) => words(hint.title)).join(" ");
    return hints.length > 0 && (element.innerText || "").split("\\n").every((line) => told.includes(words(line)));
  };
  const found = [];
  if (document.documentElement.scrollWidth > innerWidth + 1) found.push(["the page scrolls sideways"]);
  for (const element of document.querySelectorAll("body *")) {
    if (!shown(element) || element.closest("svg, .unseen, .skip")) continue;
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    const report = (kind) => {  // an element's text as it is shown is costly, and wanted for few
      const text = (element.innerText || "").slice(0, 40);
      found.push([kind, `${element.tagName.toLowerCase()}.${element.className}: ${text}`]);
    };
    const wide = element.scrollWidth > element.clientWidth + 1;
    if (/hidden|clip/.test(style.overflowX) && wide && !hinted(element)) report("cut");
    const outside = own && (box.right > innerWidth + 1 || box.left < -1);
    if (outside && !scrolled(element) && !hinted(element)) report("outside");
    if (element.tagName === "SELECT") {
      const context = document.createElement("canvas").getContext("2d");
      context.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
      const text = element.selectedOptions[0]?.text ?? "";
      const room = element.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - 16;
      if (context.measureText(text).width > room + 1) found.push(["select", text]);
    }
    if (own && element.matches("button, a, label, span, dt, dd, th, td, h1, h2, h3, p")) {
      const range = document.createRange();
      range.selectNodeContents(element);
      const unseen = element.querySelector(".unseen") !== null;
      const over = range.getBoundingClientRect().width > box.width + 1 && style.display !== "inline" && !unseen;
      if (over && !scrolled(element) && !hinted(element)) report("over its edge");
      const panel = element.closest(".panel")?.getBoundingClientRect();
      if (panel && box.right > panel.right + 1 && !scrolled(element)) report("over its panel");
      const em = parseFloat(style.fontSize);
      if (box.width < 4 * em && box.height > 5 * em && element.innerText.length > 4) report("squeezed");
    }
  }
  const [legend, readout] = [".viewer-legend", ".viewer-readout"].map((name) => document.querySelector(name));
  if (legend && readout && shown(legend) && shown(readout)) {
    const [above, below] = [legend, readout].map((element) => element.getBoundingClientRect());
    if (above.bottom > below.top && above.right > below.left) found.push(["covered", readout.textContent]);
  }
  const viewer = document.querySelector(".viewer");
  if (legend && viewer && shown(legend)) {
    const [inner, outer] = [legend, viewer].map((element) => element.getBoundingClientRect());
    const within = inner.top >= outer.top && inner.bottom <= outer.bottom && inner.right <= outer.right;
    if (!within) found.push(["cut by the viewer", legend.textContent]);
  }
  return found;
}"""


def cut_off(page: Page) -> list[Any]:
    """Return the elements cut off on the page as it is shown now: kind and text of each."""
    found: list[Any] = page.evaluate(_FIND)
    return found
