// Where the reader was, to the line: kept when he leaves a page, found again when he reloads it or
// comes back. The browser's own way goes by the page's height, of which sections that are laid out
// late and fonts that arrive late are a part.
(() => {
  const BLOCK = "article section > :not(section)";
  // A page may be visited twice; a section's link begins no visit.
  const name = () => `em-place ${history.state?.visit ?? location.href}`;
  const LONGEST = 10_000; // ms for which the place is held on a page that does not arrive
  let holding = false;
  const place = kept();
  if (!history.state?.visit) history.replaceState({ ...history.state, visit: Date.now() }, "");
  addEventListener("pagehide", keep);
  if (place) find();

  // What was kept for this visit, if anything sound.
  function kept() {
    const [{ type }] = performance.getEntriesByType("navigation");
    if (type === "navigate") return null;
    try {
      const found = JSON.parse(sessionStorage.getItem(name()));
      return Number.isInteger(found?.index) && Number.isFinite(found.top) ? found : null;
    } catch { return null; } // storage is switched off: the browser's own way stays
  }

  // The block that begins nearest to the middle of the screen: a tall one may change inside.
  function keep() {
    if (holding) return; // left before the place was found: what was kept still holds
    const all = [...document.querySelectorAll(BLOCK)];
    const seen = new Map();
    for (let y = 0; y < innerHeight; y += 8) {
      const block = document.elementsFromPoint(innerWidth / 2, y).find((element) => element.matches(BLOCK));
      if (block) seen.set(block, block.getBoundingClientRect().top);
    }
    const far = ([, top]) => Math.abs(top - innerHeight / 2);
    const [nearest] = [...seen].sort((one, other) => far(one) - far(other));
    const found = nearest ? { index: all.indexOf(nearest[0]), top: nearest[1] } : null;
    try { sessionStorage.setItem(name(), JSON.stringify(found)); } catch { /* switched off, or full */ }
  }

  // Holds the place until all has arrived and stands still, or the reader wants something else.
  function find() {
    holding = true;
    history.scrollRestoration = "manual";
    document.documentElement.dataset.whole = "";
    let [before, still, frame] = [NaN, 0];
    const hold = () => {
      const top = document.querySelectorAll(BLOCK)[place.index]?.getBoundingClientRect().top;
      if (Math.abs(top - place.top) >= 1) scrollBy({ top: top - place.top, behavior: "instant" });
      const settled = document.readyState === "complete" && document.fonts.status === "loaded";
      still = settled && top === before ? still + 1 : 0;
      before = top;
      if (still > 10 || performance.now() > LONGEST) letGo();
      else frame = requestAnimationFrame(hold);
    };
    const letGo = () => {
      cancelAnimationFrame(frame);
      holding = false;
      history.scrollRestoration = "auto";
    };
    frame = requestAnimationFrame(hold);
    for (const kind of ["wheel", "touchstart", "pointerdown", "keydown"]) addEventListener(kind, letGo, { once: true, passive: true });
  }
})();
