// The ledger by model and by kind; without this script all entries are there.
(() => {
  "use strict";
  const form = document.querySelector(".choose-entries");
  if (!form) return;
  const rows = [...document.querySelectorAll(".ledger tbody tr")];
  const boxes = [...document.querySelectorAll("main section section, .ledger")]
    .filter((box) => box.matches(".ledger") || box.querySelector(".ledger"));
  const said = form.querySelector("[role=status]");

  function show() {
    const { model, kind } = form.elements;
    const left = rows.filter((row) => {
      const { dataset } = row;
      row.hidden = (model.value && dataset.model !== model.value) || (kind.value && dataset.kind !== kind.value);
      return !row.hidden;
    });
    for (const box of boxes) box.hidden = !box.querySelector("tbody tr[data-kind]:not([hidden])");
    said.textContent = left.length === rows.length ? `All ${rows.length} entries are shown.`
      : `${left.length} of ${rows.length} entries are shown.`;
  }

  // Who comes by an address, or goes on to one, sees what is there.
  function open() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target?.closest("[hidden]")) return;
    form.reset();
    show();
    target.scrollIntoView();
  }

  form.hidden = false;
  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", open);
  show();
})();
