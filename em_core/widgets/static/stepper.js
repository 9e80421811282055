// The shell that every widget shares: controls, keys, status line, table. It draws nothing itself.
//
// A widget registers `emWidgets.kinds[NAME] = (trace, make) => ({ stage, show(step) })`, where
// `make` builds elements. Python computed the trace; nothing here knows EM.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });
  const SVG = "http://www.w3.org/2000/svg";
  const PLAY_MS = 900;
  const SORRY = "This figure can’t be stepped through here. ";

  // --- what can be tested without a page

  em.clamp = (step, last) => Math.min(Math.max(Math.round(step), 0), last);

  em.stepForKey = (key, step, last) => {
    const moves = {
      ArrowRight: step + 1,
      ArrowUp: step + 1,
      ArrowLeft: step - 1,
      ArrowDown: step - 1,
      Home: 0,
      End: last,
    };
    return Object.hasOwn(moves, key) ? em.clamp(moves[key], last) : null;
  };

  // "θ_A 0.6" in parts: [["θ", "A"], [" 0.6"]], so that A can be written as an index.
  em.symbols = (text) =>
    text.split(/(\p{L}_\p{L})/u).filter(Boolean).map((part) => (/^\p{L}_\p{L}$/u.test(part) ? part.split("_") : [part]));

  // --- building

  const build = (element, attributes, children) => {
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children);
    return element;
  };
  const html = (tag, attributes = {}, ...children) => build(document.createElement(tag), attributes, children);
  const svg = (tag, attributes = {}, ...children) => build(document.createElementNS(SVG, tag), attributes, children);
  // The underscore stays in the text, for whoever reads or listens to it, and is not seen.
  const words = (text) =>
    em.symbols(text).flatMap(([letter, index]) => (index ? [letter, html("span", { class: "em-unseen" }, "_"), html("sub", {}, index)] : [letter]));
  em.make = { html, svg, words };

  const tableOf = ({ head, rows }) =>
    html("div", { class: "em-scroll", tabindex: "0", role: "region", "aria-label": "Table of the steps" },
      html("table", {},
        html("thead", {}, html("tr", {}, ...head.map((text) => html("th", { scope: "col" }, ...words(text))))),
        html("tbody", {}, ...rows.map(([first, ...rest]) =>
          html("tr", {}, html("th", { scope: "row" }, first), ...rest.map((text) => html("td", {}, text)))))));

  // What a key would have scrolled, had the slider not had the focus.
  const scrollerOf = (element) => {
    if (!element) return document.scrollingElement;
    const scrolls = /auto|scroll/.test(getComputedStyle(element).overflowY);
    return scrolls && element.scrollHeight > element.clientHeight ? element : scrollerOf(element.parentElement);
  };

  // --- one widget in its place

  em.mount = (root, kind, trace, { step = 0, onStep = () => {} } = {}) => {
    const last = trace.steps.length - 1;
    const drawing = em.kinds[kind](trace, em.make);
    let shown = em.clamp(step, last);
    let timer = null;

    const button = (name, action) => html("button", { type: "button", onclick: action }, name);
    const play = button("Play", () => (timer ? pause() : start()));
    const slider = html("input", {
      type: "range", min: 0, max: last, step: 1, value: shown, "aria-label": "Step",
      oninput: () => go(Number(slider.value)),
    });
    const status = html("p", { role: "status", class: "em-status" });
    const table = html("details", { class: "em-table", ontoggle: fillTable }, html("summary", {}, "Show as table"));
    const live = html("div", { class: "em-live" },
      drawing.stage,
      status,
      html("div", { class: "em-controls" },
        button("Previous", () => go(shown - 1)), button("Next", () => go(shown + 1)), play, button("Reset", () => go(0)), slider),
      table);

    function fillTable() {
      if (table.open && !table.querySelector("table")) table.append(tableOf(trace.table));
    }

    function render() {
      drawing.show(shown);
      status.replaceChildren(...words(trace.status[shown]));
      slider.value = shown;
      slider.setAttribute("aria-valuetext", trace.status[shown].split(":")[0]);
    }

    function show(to) {
      shown = em.clamp(to, last);
      render();
      onStep(shown);
    }

    function go(to) {
      pause();
      show(to);
    }

    function start() {
      status.setAttribute("aria-live", "off"); // else every step would be read out
      play.textContent = "Pause";
      if (shown === last) show(0);
      timer = setInterval(tick, PLAY_MS);
    }

    function tick() {
      if (document.hidden) return;
      show(shown + 1);
      if (shown === last) pause();
    }

    function pause() {
      if (!timer) return;
      clearInterval(timer);
      timer = null;
      play.textContent = "Play";
      status.setAttribute("aria-live", "polite");
      setTimeout(render); // a change, after which the step arrived at is read out
    }

    function onKey(event) {
      if (event.altKey || event.ctrlKey || event.metaKey || table.contains(event.target)) return;
      if (event.key === "PageUp" || event.key === "PageDown") {
        if (event.target === slider) leavePageKeys(event);
        return;
      }
      const onButton = event.target.tagName === "BUTTON";
      const to = em.stepForKey(event.key, shown, last);
      if (to === null && (event.key !== " " || onButton)) {
        if (event.key === " " || event.key === "Enter") event.stopPropagation();
        return;
      }
      event.preventDefault();
      event.stopPropagation();
      if (to === null) play.click();
      else go(to);
    }

    // They belong to the page or to the deck; a slider would take them.
    function leavePageKeys(event) {
      event.preventDefault();
      const scroller = scrollerOf(root.parentElement);
      scroller.scrollBy({ top: (event.key === "PageDown" ? 0.9 : -0.9) * scroller.clientHeight });
    }

    const watcher = new IntersectionObserver(([entry]) => {
      if (!entry.isIntersecting) pause();
    });

    render();
    for (const [name, value] of Object.entries({ "data-em-widget": kind, role: "group", "aria-label": trace.label, tabindex: "0" })) {
      root.setAttribute(name, value);
    }
    root.classList.add("em-stepper", "em-ready");
    root.addEventListener("keydown", onKey);
    (root.querySelector(".em-stack") ?? root).append(live);
    watcher.observe(root);
    return {
      show: (to) => {
        if (em.clamp(to, last) === shown) return;
        pause();
        shown = em.clamp(to, last);
        render();
      },
      destroy: () => {
        pause();
        watcher.disconnect();
        root.removeEventListener("keydown", onKey);
        live.remove();
      },
    };
  };

  em.fail = (root, error, then = "") => {
    root.classList.add("em-stepper");
    root.append(html("p", { class: "em-status", role: "status" }, SORRY + then));
    console.warn(error);
  };

  // --- in Jupyter: the same, with the kernel's model behind it

  em.renderLive = ({ model, el }) => {
    let handle = null;
    const build = () => {
      handle?.destroy();
      handle = em.mount(el, model.get("kind_name"), model.get("trace"), {
        step: model.get("step"),
        onStep: (step) => {
          model.set("step", step);
          model.save_changes();
        },
      });
    };
    const follow = () => handle?.show(model.get("step"));
    try {
      build();
    } catch (error) {
      em.fail(el, error, String(error));
    }
    model.on("change:trace", build);
    model.on("change:step", follow);
    return () => {
      model.off("change:trace", build);
      model.off("change:step", follow);
      handle?.destroy();
    };
  };

  // --- on the site: every place that a page has prepared

  em.start = () => {
    for (const root of document.querySelectorAll("[data-em-widget]")) {
      try {
        em.mount(root, root.dataset.emWidget, JSON.parse(root.querySelector("script").textContent));
      } catch (error) {
        em.fail(root, error, "The picture shows its first, a middle and its last step.");
      }
    }
  };
})();
