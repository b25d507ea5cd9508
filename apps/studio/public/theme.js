// Before the first paint: the chosen theme, so that a dark room does not flash white. Without a choice the system's counts.
try {
  const theme = JSON.parse(localStorage.getItem("dreamgrain.settings") ?? "{}").state?.theme;
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // A broken or forbidden storage: the system's theme.
}
