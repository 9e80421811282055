// The shell that every widget shares: controls, keys, status line, table. It draws nothing itself.
//
// A widget registers `emWidgets.kinds[NAME] = (trace, make) => ({ stage, show(step) })`, where
// `make` builds elements. Python computed the trace; nothing here knows EM.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });
  const SVG = "http://www.w3.org/2000/svg";
  const PLAY_MS = 900;

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
    return key in moves ? em.clamp(moves[key], last) : null;
  };

  // --- building

  const build = (element, attributes, children) => {
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children);
    return element;
  };
  em.make = {
    html: (tag, attributes = {}, ...children) => build(document.createElement(tag), attributes, children),
    svg: (tag, attributes = {}, ...children) => build(document.createElementNS(SVG, tag), attributes, children),
  };
  const { html } = em.make;

  const tableOf = ({ head, rows }) =>
    html("div", { class: "em-scroll", tabindex: "0", role: "region", "aria-label": "Table of the steps" },
      html("table", {},
        html("thead", {}, html("tr", {}, ...head.map((text) => html("th", { scope: "col" }, text)))),
        html("tbody", {}, ...rows.map(([first, ...rest]) =>
          html("tr", {}, html("th", { scope: "row" }, first), ...rest.map((text) => html("td", {}, text)))))));

  // --- one widget on a page

  em.mount = (host, kind, trace, { step = 0, onStep = () => {} } = {}) => {
    const last = trace.steps.length - 1;
    const drawing = em.kinds[kind](trace, em.make);
    let shown = em.clamp(step, last);
    let timer = null;

    const button = (name, action) => html("button", { type: "button", onclick: action }, name);
    const previous = button("Previous", () => go(shown - 1));
    const next = button("Next", () => go(shown + 1));
    const play = button("Play", () => (timer ? pause() : start()));
    const reset = button("Reset", () => go(0));
    const slider = html("input", {
      type: "range", min: 0, max: last, step: 1, value: shown, "aria-label": "Step",
      oninput: () => go(Number(slider.value)),
    });
    const status = html("p", { role: "status", class: "em-status" });
    const table = html("details", { class: "em-table", ontoggle: fillTable },
      html("summary", {}, "Show as table"));
    const root = html("div",
      { class: "em-stepper", "data-em-widget": kind, role: "group", "aria-label": trace.label, tabindex: "0", onkeydown: onKey },
      html("div", { class: "em-stage" }, drawing.stage),
      status,
      html("div", { class: "em-controls" }, previous, play, next, reset, slider),
      table);

    function fillTable() {
      if (table.open && !table.querySelector("table")) table.append(tableOf(trace.table));
    }

    function render() {
      drawing.show(shown);
      status.textContent = trace.status[shown];
      slider.value = shown;
      slider.setAttribute("aria-valuetext", trace.status[shown].split(":")[0]);
      previous.setAttribute("aria-disabled", String(shown === 0));
      next.setAttribute("aria-disabled", String(shown === last));
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
      status.setAttribute("aria-live", "off"); // else every frame would be read out
      play.textContent = "Pause";
      if (shown === last) show(0);
      timer = setInterval(() => {
        show(shown + 1);
        if (shown === last) pause();
      }, PLAY_MS);
    }

    function pause() {
      if (!timer) return;
      clearInterval(timer);
      timer = null;
      play.textContent = "Play";
      status.setAttribute("aria-live", "polite");
    }

    function onKey(event) {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      if (table.contains(event.target)) return;
      if (event.key === "PageUp" || event.key === "PageDown") {
        // They belong to the page or to the deck; a slider would take them.
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

    function leavePageKeys(event) {
      event.preventDefault();
      scrollBy({ top: (event.key === "PageDown" ? 0.9 : -0.9) * innerHeight });
    }

    const watcher = new IntersectionObserver(([entry]) => {
      if (!entry.isIntersecting) pause();
    });

    render();
    host.append(root);
    watcher.observe(root);
    return {
      show: (to) => {
        if (em.clamp(to, last) !== shown) {
          pause();
          shown = em.clamp(to, last);
          render();
        }
      },
      destroy: () => {
        pause();
        watcher.disconnect();
        root.remove();
      },
    };
  };

  // --- in Jupyter: the same, with the kernel's model behind it

  em.renderLive = ({ model, el }) => {
    const kind = model.get("kind_name");
    let handle = null;
    const rebuild = () => {
      handle?.destroy();
      handle = em.mount(el, kind, model.get("trace"), {
        step: model.get("step"),
        onStep: (step) => {
          model.set("step", step);
          model.save_changes();
        },
      });
    };
    const follow = () => handle.show(model.get("step"));
    rebuild();
    model.on("change:trace", rebuild);
    model.on("change:step", follow);
    return () => {
      model.off("change:trace", rebuild);
      model.off("change:step", follow);
      handle.destroy();
    };
  };

  // --- on the site: every place that a page has prepared

  em.start = () => {
    for (const place of document.querySelectorAll(".em-widget")) {
      try {
        const { kind, trace } = JSON.parse(place.querySelector("script").textContent);
        em.mount(place, kind, trace);
        place.classList.add("em-live");
      } catch (error) {
        place.classList.add("em-failed");
        place.append(html("p", { class: "em-status", role: "status" },
          "This figure can’t be stepped through here; the picture shows its first, a middle and its last step."));
        console.warn(error);
      }
    }
  };
})();
