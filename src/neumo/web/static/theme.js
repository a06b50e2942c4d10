/** Dark reading mode or light, as this browser remembers it. */

const KEY = "neumo.theme";

/** Set the theme that was chosen last; dark at first, as radiographs are read. */
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
