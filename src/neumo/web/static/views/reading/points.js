/** Names of operating points. */

/** Name an operating point in the person's language. @param {import("/static/i18n.js").Translate} t @param {string} name */
export function pointName(t, name) {
  const key = `points.${name}`;
  return t(key) === key ? name.replaceAll("_", " ") : t(key);
}
