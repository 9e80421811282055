// A deck: reveal.js steps through the slides; the widgets on them take their steps as fragments.
(() => {
  "use strict";
  const root = document.documentElement;
  const isNotes = new URLSearchParams(location.search).has("notes");
  const WIDE = { width: 1280, height: 720 };
  const NARROW = { width: 960, height: 720 };
  const TALL = { width: 640, height: 1236 }; // a phone held upright
  const sizeFor = () => {
    const ratio = innerWidth / innerHeight;
    if (isNotes || ratio > 3 / 2) return WIDE;
    return ratio > 2 / 3 ? NARROW : TALL;
  };

  // --- the widgets: a step is a fragment without a look, which presses the widget's own key

  function press(fragments, key) {
    for (const fragment of fragments) {
      if (!("widgetStep" in fragment.dataset)) continue;
      const widget = fragment.closest("section").querySelector("[data-em-widget]");
      widget.dispatchEvent(new KeyboardEvent("keydown", { key }));
    }
  }

  // After a jump, fragments come and go without a word: the widget takes as many steps as are shown.
  function align() {
    const slide = Reveal.getCurrentSlide();
    const steps = slide.querySelectorAll("[data-widget-step]");
    const slider = steps.length && slide.querySelector("[data-em-widget] input[type=range]");
    if (!slider) return;
    slider.value = [...steps].filter((step) => step.classList.contains("visible")).length;
    slider.dispatchEvent(new Event("input"));
  }

  // A formula that is broader than its place becomes smaller.
  function fit() {
    for (const line of Reveal.getCurrentSlide().querySelectorAll(".formula .katex-display")) {
      const { style } = line.parentElement;
      style.fontSize = "";
      const share = line.clientWidth / line.scrollWidth;
      if (share < 1) style.fontSize = `${Math.floor(parseFloat(getComputedStyle(line.parentElement).fontSize) * share)}px`;
    }
  }

  // A clicker's keys move the deck, whatever has the focus.
  function takeClicker(event) {
    const move = { PageDown: Reveal.next, PageUp: Reveal.prev }[event.key];
    if (!move || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    move();
  }

  // --- the speaker's window: the same deck beside its notes; each window follows the other

  let other = isNotes ? opener : null;
  const openNotes = () => {
    other = open("?notes", "em-notes", "width=1200,height=700");
  };
  const place = () => JSON.stringify(Reveal.getIndices());

  function tell(now = place()) {
    if (other && !other.closed) other.postMessage({ deck: document.title, place: now }, "*");
  }

  function follow({ data, source }) {
    if (data?.deck !== document.title || (other && source !== other)) return;
    other = source;
    if (data.place === null) tell();
    else if (data.place !== place()) {
      const { h, v, f } = JSON.parse(data.place);
      Reveal.slide(h, v, f);
    }
  }

  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  const minutesOf = (slides) => slides.reduce((sum, slide) => sum + Number(slide.dataset.minutes ?? 0), 0);

  function showNotes() {
    const slides = Reveal.getSlides();
    const at = slides.indexOf(Reveal.getCurrentSlide());
    const find = (name) => document.querySelector(`.speaker ${name}`);
    find(".now").replaceChildren(...slides[at].querySelector(".notes").cloneNode(true).childNodes);
    find(".plan").textContent = `of ${clock(60 * minutesOf(slides.slice(0, at + 1)))} planned up to the end of this slide`;
    const heading = slides[at + 1]?.querySelector("h2")?.cloneNode(true);
    heading?.querySelectorAll(".katex-mathml").forEach((twin) => twin.remove());
    find(".next").textContent = heading ? `Next: ${heading.textContent}` : "";
  }

  function startClock() {
    const face = document.querySelector(".speaker .clock");
    let start = null; // the time begins with the first step
    Reveal.on("slidechanged", () => { start ??= Date.now(); });
    setInterval(() => { face.textContent = clock(start === null ? 0 : (Date.now() - start) / 1000); }, 500);
  }

  // --- the deck

  async function begin() {
    root.classList.toggle("with-notes", isNotes);
    document.querySelector(".speaker").hidden = !isNotes;
    addEventListener("keydown", takeClicker, true);
    Reveal.on("fragmentshown", ({ fragments }) => press(fragments, "ArrowRight"));
    Reveal.on("fragmenthidden", ({ fragments }) => press(fragments, "ArrowLeft"));
    Reveal.on("slidechanged", () => setTimeout(align)); // the fragments follow the event
    await Reveal.initialize({
      ...sizeFor(),
      embedded: isNotes,
      keyboardCondition: null,
      margin: 0,
      minScale: 0.1,
      maxScale: 4,
      center: false,
      display: "grid",
      hash: true,
      scrollActivationWidth: 0, // else a phone gets a page that scrolls, in which slides are cut
      slideNumber: "c/t",
      transition: "none",
      backgroundTransition: "none",
    });
    align();
    fit();
    Reveal.on("slidechanged", fit);
    document.fonts.addEventListener("loadingdone", fit);
    Reveal.addKeyBinding({ keyCode: 83, key: "S", description: "Speaker notes" }, openNotes);
    Reveal.addKeyBinding({ keyCode: 84, key: "T", description: "Light or dark" }, () => document.querySelector(".mode").click());
    addEventListener("resize", () => {
      Reveal.configure(sizeFor());
      fit();
    });
    addEventListener("message", follow);
    for (const event of ["slidechanged", "fragmentshown", "fragmenthidden"]) Reveal.on(event, () => tell());
    if (isNotes) {
      Reveal.on("slidechanged", showNotes);
      showNotes();
      startClock();
      tell(null); // asks where the deck stands
    }
    root.dataset.deck = "ready";
  }

  begin();
})();
