// Run in the page before it is printed: wait for fonts and pictures, make wide parts fit, keep
// together what belongs together, and return what is missing or still too wide.
async () => {
  const MM = 96 / 25.4;
  const AREA = 120 * 88 * MM * MM; // of a picture, whatever its shape
  const WIDEST = 128 * MM;
  const NARROWEST = 88 * MM;
  const TALLEST = 175 * MM;
  const SMALLEST = 0.75; // to which code and formulas may shrink
  const SHORT = 70 * MM; // what is shorter is not torn apart
  const LINES = 4.5; // of a paragraph that leads to what follows

  const all = (selector) => [...document.querySelectorAll(selector)];
  const tooWide = (box) => box.scrollWidth - box.clientWidth > 1;
  const sticksOut = (text) => text.scrollWidth - text.clientWidth > 5; // a formula's unseen parts may
  const where = (box) => `${box.closest("[id]")?.id}: ${box.textContent.trim().slice(0, 60)}`;

  function size(picture) {
    const shape = picture.naturalWidth / picture.naturalHeight;
    const width = Math.max(Math.sqrt(AREA * shape), Math.min(NARROWEST, TALLEST * shape));
    picture.style.width = `${Math.min(WIDEST, width)}px`;
  }

  function shrink(box) {
    const before = Number(box.dataset.scale ?? 1);
    const scale = Math.max(SMALLEST, before * box.clientWidth / box.scrollWidth - 0.005);
    box.dataset.scale = scale;
    for (const inner of box.matches("pre") ? [box] : box.children)
      inner.style.fontSize = `${scale / before * parseFloat(getComputedStyle(inner).fontSize)}px`;
    if (box.matches("pre") && tooWide(box)) box.style.whiteSpace = "pre-wrap";
  }

  // Chromium breaks a short paragraph rather than keep it with what it introduces.
  function keepWithNext(paragraph) {
    const next = paragraph.nextElementSibling;
    const lines = paragraph.offsetHeight / parseFloat(getComputedStyle(paragraph).lineHeight);
    if (lines > LINES || next.offsetHeight > SHORT) return;
    const box = document.createElement("div");
    box.className = "together";
    paragraph.before(box);
    box.append(paragraph, next);
  }

  await document.fonts.ready;
  const pictures = [...document.images];
  await Promise.all(pictures.map((picture) => picture.decode().catch(() => {})));
  pictures.forEach(size);
  const boxes = all(".katex-display, .scroll, .text_html, pre");
  boxes.filter(tooWide).forEach(shrink);
  boxes.filter(tooWide).forEach(shrink); // the room around cells has not shrunk with their words
  all(".cell, .admonition, .fold, .scroll, .text_html").filter((box) => box.offsetHeight < SHORT)
    .forEach((box) => box.classList.add("together"));
  all("p:has(+ :is(div.math, .derivation, .cell, .fold))").forEach(keepWithNext);

  return [
    ...pictures.filter((picture) => !picture.naturalWidth).map((picture) => `no picture: ${picture.src}`),
    ...all(".math").filter((box) => !box.querySelector(".katex-html")).map((box) => `no formula: ${where(box)}`),
    ...[...boxes.filter(tooWide), ...all("p, li, dt, dd, figcaption").filter(sticksOut)].map((box) => `too wide: ${where(box)}`),
  ];
}
