// The ledger by model and by kind; without this script all entries are there.
(() => {
  "use strict";
  const choice = document.querySelector(".choose-entries");
  if (!choice) return;
  const [model, kind] = choice.querySelectorAll("select");
  const rows = [...document.querySelectorAll(".ledger tbody tr")];
  const boxes = [...document.querySelectorAll("main section section, .ledger")]
    .filter((box) => box.matches(".ledger") || box.querySelector(".ledger"));
  const said = choice.querySelector("[role=status]");

  function show() {
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
    model.value = kind.value = "";
    show();
    target.scrollIntoView();
  }

  choice.hidden = false;
  choice.addEventListener("change", show);
  addEventListener("hashchange", open);
  show();
})();
