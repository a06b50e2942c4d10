/** Dark or light theme, stored in this browser (localStorage). */

const KEY = "neumo.theme";

/** Set the theme chosen last; dark by default, as for reading radiographs. */
export function restoreTheme() {
  document.documentElement.dataset.theme = localStorage.getItem(KEY) === "light" ? "light" : "dark";
}

/** @returns {"dark" | "light"} */
export function currentTheme() {
  return document.documentElement.dataset.theme === "light" ? "light" : "dark";
}

/** @param {"dark" | "light"} theme */
export function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem(KEY, theme);
}
