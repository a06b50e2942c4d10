/** DOM building. Text only becomes text nodes, so no file name can become markup (XSS). */

/**
 * @typedef {Node | string | number | null | undefined | false | Child[]} Child
 */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Create an element.
 * @param {string} tag
 * @param {Record<string, any>} [props] `class`, `data` (object), `style` (custom properties), `on` (event: handler), `ref` (element => void); the rest are
 *   attributes, where `true` gives an empty one and `false`, `null` none
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export function h(tag, props = {}, ...children) {
  return /** @type {HTMLElement} */ (fill(document.createElement(tag), props, children));
}

/**
 * Create an SVG element; as `h`.
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...Child} children
 * @returns {SVGElement}
 */
export function s(tag, props = {}, ...children) {
  return /** @type {SVGElement} */ (fill(document.createElementNS(SVG, tag), props, children));
}

/**
 * Create an icon of those that the page holds (`icons.svg` of its templates), hidden from screen readers: the control around it has a name.
 * @param {string} name
 * @returns {SVGElement}
 */
export function icon(name) {
  return s("svg", { class: "icon", "aria-hidden": "true" }, s("use", { href: `#icon-${name}` }));
}

/**
 * Replace an element's children.
 * @param {Element} element
 * @param {...Child} children
 */
export function replace(element, ...children) {
  element.replaceChildren(.../** @type {Node[]} */ (children.flat(3).filter(isShown)));
}

/** @param {Element} element @param {Record<string, any>} props @param {any[]} children */
function fill(element, props, children) {
  for (const [name, value] of Object.entries(props)) put(element, name, value);
  element.append(...children.flat(3).filter(isShown).map((child) => (typeof child === "number" ? String(child) : child)));
  props.ref?.(element);
  return element;
}

/** @param {any} element @param {string} name @param {any} value */
function put(element, name, value) {
  if (name === "ref" || value === null || value === undefined || value === false) return;
  if (name === "data") Object.assign(element.dataset, value);
  else if (name === "style") for (const [key, entry] of Object.entries(value)) element.style.setProperty(key, String(entry));
  else if (name === "on") for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
  else if (name === "value") element.value = value;
  else element.setAttribute(name, value === true ? "" : String(value));
}

/** @param {any} child */
function isShown(child) {
  return child !== null && child !== undefined && child !== false;
}
