// Run in the page before it is printed: wait for fonts and pictures, make wide parts fit, and
// return what is missing or still too wide.
async () => {
  const SMALLEST = 0.75;
  const LINES = 4.5;
  const SHORT = 260;
  await document.fonts.ready;
  const pictures = [...document.images];
  await Promise.all(pictures.map((picture) => picture.decode().catch(() => {})));

  const tooWide = (box) => box.scrollWidth - box.clientWidth > 1;
  const where = (box) => `${box.closest("[id]")?.id}: ${box.textContent.trim().slice(0, 60)}`;

  function fit(box) {
    const inner = box.matches("pre") ? box : box.firstElementChild;
    const scale = Math.max(SMALLEST, box.clientWidth / box.scrollWidth - 0.005);
    inner.style.fontSize = `${scale * parseFloat(getComputedStyle(inner).fontSize)}px`;
    if (box.matches("pre") && tooWide(box)) box.style.whiteSpace = "pre-wrap";
  }

  // Chromium breaks a short paragraph rather than keep it with what it introduces.
  function keepWithNext(paragraph) {
    const next = paragraph.nextElementSibling;
    const lines = paragraph.clientHeight / parseFloat(getComputedStyle(paragraph).lineHeight);
    if (lines > LINES) return;
    const box = document.createElement("div");
    box.className = "together";
    paragraph.before(box);
    box.append(paragraph, next);
  }

  for (const paragraph of document.querySelectorAll("p:has(+ div.math)")) keepWithNext(paragraph);
  for (const box of document.querySelectorAll(".cell, .admonition, .fold, .scroll"))
    if (box.offsetHeight < SHORT) box.classList.add("together");
  const boxes = [...document.querySelectorAll(".katex-display, .scroll, .text_html, pre")];
  boxes.filter(tooWide).forEach(fit);
  const formulas = [...document.querySelectorAll(".math")];
  return [
    ...pictures.filter((picture) => !picture.naturalWidth).map((picture) => `no picture: ${picture.src}`),
    ...formulas.filter((box) => !box.querySelector(".katex-html")).map((box) => `no formula: ${where(box)}`),
    ...boxes.filter(tooWide).map((box) => `too wide: ${where(box)}`),
  ];
}
