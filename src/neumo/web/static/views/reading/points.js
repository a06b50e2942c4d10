/** Names of operating points. */

/** An operating point as a part of a sentence. @param {import("/static/i18n.js").Translate} t @param {string} name */
export function pointInWords(t, name) {
  const key = `points_in_words.${name}`;
  return t(key) === key ? t("points_in_words.named", { name: name.replaceAll("_", " ") }) : t(key);
}

/** Name an operating point in the person's language. @param {import("/static/i18n.js").Translate} t @param {string} name */
export function pointName(t, name) {
  const key = `points.${name}`;
  return t(key) === key ? name.replaceAll("_", " ") : t(key);
}
