// Before anything is drawn: the colours chosen on an earlier page, or the system's.
(function (root) {
  var chosen = null;
  try { chosen = localStorage.getItem("em-mode"); } catch (error) { /* storage is switched off */ }
  root.dataset.theme = chosen || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
})(document.documentElement);
