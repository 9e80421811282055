// Where the reader was, to the line: kept when he leaves a page, found again when he reloads it or
// comes back. The browser's own way goes by the page's height, of which sections that are laid out
// late and fonts that arrive late are a part.
(() => {
  const BLOCK = "article section > :not(section)";
  // A page may be visited twice; a section's link begins no visit.
  const name = () => `em-place ${history.state?.visit ?? location.href}`;
  let place = null;
  try {
    const [{ type }] = performance.getEntriesByType("navigation");
    if (type !== "navigate") place = JSON.parse(sessionStorage.getItem(name()));
    if (!history.state?.visit) history.replaceState({ ...history.state, visit: Date.now() }, "");
    addEventListener("pagehide", keep);
  } catch { /* storage is switched off: the browser's own way stays */ }
  if (place) find();

  // The block that begins nearest to the middle of the screen: a tall one may change inside.
  function keep() {
    const all = [...document.querySelectorAll(BLOCK)];
    const seen = new Map();
    for (let y = 0; y < innerHeight; y += 8) {
      const block = document.elementsFromPoint(innerWidth / 2, y).find((element) => element.matches(BLOCK));
      if (block) seen.set(block, block.getBoundingClientRect().top);
    }
    const far = ([, top]) => Math.abs(top - innerHeight / 2);
    const [nearest] = [...seen].sort((one, other) => far(one) - far(other));
    sessionStorage.setItem(name(), JSON.stringify(nearest ? { index: all.indexOf(nearest[0]), top: nearest[1] } : null));
  }

  // Holds the place until all has arrived and stands still, or the reader wants something else.
  function find() {
    history.scrollRestoration = "manual";
    document.documentElement.dataset.whole = "";
    let [before, still, frame] = [NaN, 0];
    const hold = () => {
      const top = document.querySelectorAll(BLOCK)[place.index]?.getBoundingClientRect().top;
      if (Math.abs(top - place.top) >= 1) scrollBy({ top: top - place.top, behavior: "instant" });
      const settled = document.readyState === "complete" && document.fonts.status === "loaded";
      still = settled && top === before ? still + 1 : 0;
      before = top;
      if (still > 10) letGo();
      else frame = requestAnimationFrame(hold);
    };
    const letGo = () => {
      cancelAnimationFrame(frame);
      history.scrollRestoration = "auto";
    };
    frame = requestAnimationFrame(hold);
    for (const kind of ["wheel", "touchstart", "pointerdown", "keydown"]) addEventListener(kind, letGo, { once: true, passive: true });
  }
})();
