// What the pages do with JavaScript: switch colours, fold the contents, copy code. They work without.
(() => {
  "use strict";
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const systemMode = () => (system.matches ? "dark" : "light");

  const stored = {
    read() { try { return localStorage.getItem("em-mode"); } catch { return null; } },
    write(mode) {
      try {
        if (mode === systemMode()) localStorage.removeItem("em-mode");
        else localStorage.setItem("em-mode", mode);
      } catch { /* storage is switched off: the choice lasts for this page */ }
    },
  };

  function show(mode) {
    root.dataset.theme = mode;
    const button = document.querySelector(".mode");
    if (button) button.setAttribute("aria-label", mode === "dark" ? "Light colours" : "Dark colours");
  }

  function switchColours() {
    const button = document.querySelector(".mode");
    if (!button) return;
    button.hidden = false;
    show(root.dataset.theme);
    button.addEventListener("click", () => {
      const mode = root.dataset.theme === "dark" ? "light" : "dark";
      stored.write(mode);
      show(mode);
    });
    system.addEventListener("change", () => show(stored.read() || systemMode()));
  }

  function closeContents() {
    const contents = document.querySelector(".contents");
    if (!contents) return;
    document.addEventListener("click", (event) => {
      if (contents.open && !contents.contains(event.target)) contents.open = false;
    });
    contents.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !contents.open) return;
      contents.open = false;
      contents.querySelector("summary").focus();
    });
  }

  function foldSections() {
    const local = document.querySelector(".local details");
    if (!local) return;
    const wide = matchMedia("(min-width: 75rem)");
    const fold = () => { local.open = wide.matches; };
    wide.addEventListener("change", fold);
    fold();
    const links = new Map();
    for (const link of local.querySelectorAll("li li > a")) {
      const target = document.getElementById(decodeURIComponent(link.hash.slice(1)));
      if (target) links.set(target, link);
    }
    const watcher = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) links.get(target).setAttribute("aria-current", "true");
        else links.get(target).removeAttribute("aria-current");
      }
    }, { rootMargin: "-15% 0px -75% 0px" });
    for (const section of links.keys()) watcher.observe(section);
  }

  // A box that scrolls must be reachable by keyboard. Watched, not asked: an answer for all boxes at
  // once would lay out what is far from sight.
  function reachScrollers() {
    const boxes = ".scroll, .katex-display, .cell_output .output, pre";
    const watcher = new ResizeObserver((changes) => {
      const changed = [...new Set(changes.map(({ target }) => target.closest(boxes)))];
      const scrolls = changed.map((box) => box.scrollWidth > box.clientWidth + 1);
      changed.forEach((box, i) => {
        if (scrolls[i]) box.tabIndex = 0;
        else box.removeAttribute("tabindex");
      });
    });
    for (const box of document.querySelectorAll(boxes)) {
      watcher.observe(box);
      if (box.firstElementChild) watcher.observe(box.firstElementChild); // as wide as its fonts make it
    }
  }

  function offerCopies() {
    if (!navigator.clipboard) return;
    for (const code of document.querySelectorAll(".cell_input .highlight")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy";
      button.textContent = "Copy";
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(code.querySelector("pre").textContent);
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = "Copy"; }, 1500);
      });
      code.append(button);
    }
  }

  function openForPrint() {
    const opened = [];
    addEventListener("beforeprint", () => {
      for (const fold of document.querySelectorAll(".fold details:not([open])")) {
        fold.open = true;
        opened.push(fold);
      }
    });
    addEventListener("afterprint", () => { for (const fold of opened.splice(0)) fold.open = false; });
  }

  switchColours();
  closeContents();
  foldSections();
  offerCopies();
  openForPrint();
  reachScrollers();

  // A figure whose scripts did not arrive says so; its picture is there anyway.
  addEventListener("load", () => {
    for (const root of document.querySelectorAll("[data-em-widget]:not(.em-ready, .em-failed)")) {
      root.classList.add("em-stepper", "em-failed");
      root.closest(".tour")?.classList.add("failed");
      if (root.dataset.emMoment) continue; // its picture says it all
      const words = document.createElement("p");
      words.className = "em-status";
      words.setAttribute("role", "status");
      words.textContent = "This figure can’t be stepped through: a script of the page did not arrive. Reload the page to try again. The picture shows its first, a middle and its last step.";
      root.append(words);
    }
  });
})();
