// The shell that every widget shares: controls, keys, status line, table. It draws nothing itself.
//
// A widget registers `emWidgets.kinds[NAME] = (scene, tools) => drawing`. `scene` is what stays,
// `tools` build elements and ask for other settings. A drawing has
//   stage              the element that holds the picture
//   choices            selects that stand above it, if there is something to choose
//   use(trace)         takes the trace of a setting, before any of the following
//   show(step)         draws a step
//   status(step)       says it in words; what stands before the colon is the step's title
//   head, row(step)    the table: its heads, and a step's cells
//   reset()            gives back what the reader has changed, if Reset shall do more than go to 0
// Python computed the trace; nothing here knows EM.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });
  const SVG = "http://www.w3.org/2000/svg";
  const PLAY_MS = 900;
  const SORRY = "This figure can’t be stepped through here. ";
  const NOT_LOADED = "What this setting shows could not be loaded; the one before it stays.";

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

  em.moveForKey = (key) =>
    ({ ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] })[key] ?? null;

  em.number = (value, digits) => value.toFixed(digits).replace("-", "−");

  // Half-steps: which parameters are shown, and which responsibilities (null: none yet).
  em.half = (step) => (step === 0 ? [0, null] : [Math.floor(step / 2), Math.ceil(step / 2) - 1]);

  em.halfTitle = (step) => (step === 0 ? "Start" : `Iteration ${Math.ceil(step / 2)}, after the ${step % 2 ? "E" : "M"}-step`);

  // "fixed:12,10" in its file and its run.
  em.parts = (setting) => {
    const cut = setting.lastIndexOf(":");
    return [setting.slice(0, cut), setting.slice(cut + 1)];
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
  // The underscore stays in the text, for whoever copies it, and is neither seen nor heard.
  const words = (text) =>
    em.symbols(text).flatMap(([letter, index]) => (index ? [letter, html("span", { class: "em-unseen", "aria-hidden": "true" }, "_"), html("sub", {}, index)] : whole(letter)));
  // No line ends after the letter of E-step.
  const whole = (text) =>
    text.split(/\b(\w-\p{L}+)/u).filter(Boolean).map((part) => (/^\w-/.test(part) ? html("span", { class: "em-whole" }, part) : part));
  em.svgWords = (text) =>
    em.symbols(text).flatMap(([letter, index]) => (index ? [letter, svg("tspan", { dy: 4, "font-size": "75%" }, index), svg("tspan", { dy: -4 }, "\u200b")] : [letter]));

  const choice = (name, options, onChoose) => {
    const select = html("select", { onchange: () => onChoose(select.value) },
      ...options.map(([value, text]) => html("option", { value }, text)));
    return { element: html("label", { class: "em-choice" }, html("span", {}, name), select), select };
  };

  // Whether a finger moves across: up and down belong to the page. `from` is where it was put down.
  const isAcross = (event, from) =>
    event.pointerType !== "touch" || Math.abs(event.clientX - from.clientX) > Math.abs(event.clientY - from.clientY);

  // A drawn thing that can be dragged: a slider to the keyboard and to assistive tools. It is dragged
  // from side to side, or everywhere.
  const handle = ({ name, shape, drag, move, value, begin = () => {}, far = 10, everywhere = false }) => {
    const element = svg("g", { class: `em-handle${everywhere ? " em-everywhere" : ""}`, role: "slider", tabindex: "0", "aria-label": name },
      svg("path", { d: "M0 0h0.01", class: "em-reach" }), svg("circle", { r: 20, class: "em-grip" }), svg("path", { d: shape }));
    let place = [0, 0];
    let taken = null; // where it was put down, and how far from the thing's middle
    let moving = false;
    const pointOf = ({ clientX, clientY }) => {
      const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(element.ownerSVGElement.getScreenCTM().inverse());
      return [x, y];
    };
    const follow = (event, [x, y] = [0, 0]) => {
      const [u, v] = pointOf(event);
      drag([u + x, v + y]);
    };
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      const [x, y] = pointOf(event);
      taken = { event, off: [place[0] - x, place[1] - y] };
      begin();
      element.setPointerCapture(event.pointerId);
      element.focus({ focusVisible: false });
      event.preventDefault();
    });
    element.addEventListener("pointermove", (event) => {
      moving ||= taken && (everywhere || isAcross(event, taken.event));
      if (moving) follow(event, taken.off);
    });
    // Else a finger would scroll the page: browsers overlook touch-action within an SVG.
    if (everywhere) element.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      element.addEventListener(end, () => {
        taken = null;
        moving = false;
      });
    }
    element.addEventListener("keydown", (event) => {
      const by = em.moveForKey(event.key);
      const ends = { Home: -far, End: far }[event.key];
      if ((!by && !ends) || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      const times = event.shiftKey ? 5 : 1;
      if (ends) move(ends * 1000, 0);
      else move(by[0] * times, by[1] * times);
    });
    const put = ([x, y]) => {
      place = [x, y];
      const { min, max, now, text } = value();
      element.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
      for (const [key, it] of [["min", min], ["max", max], ["now", now], ["text", text]]) element.setAttribute(`aria-value${key}`, it);
    };
    return { element, follow, put };
  };
  em.make = { html, svg, words, choice, handle };

  const tableOf = ({ head, row }, last) =>
    html("div", { class: "em-scroll", tabindex: "0", role: "region", "aria-label": "Table of the steps" },
      html("table", {},
        html("thead", {}, html("tr", {}, ...head.map((text) => html("th", { scope: "col" }, ...words(text))))),
        html("tbody", {}, ...Array.from({ length: last + 1 }, (_, step) => {
          const [first, ...rest] = row(step);
          return html("tr", {}, html("th", { scope: "row" }, first), ...rest.map((text) => html("td", {}, text)));
        }))));

  // What a key would have scrolled, had the slider not had the focus.
  const scrollerOf = (element) => {
    if (!element) return document.scrollingElement;
    const scrolls = /auto|scroll/.test(getComputedStyle(element).overflowY);
    return scrolls && element.scrollHeight > element.clientHeight ? element : scrollerOf(element.parentElement);
  };

  // --- one widget in its place

  // `ask` is called with a setting and, where the browser can make its trace itself, the trace.
  em.mount = (root, kind, { scene, trace: first }, { step = 0, onStep = () => {}, ask = () => {} } = {}) => {
    const tools = { ...em.make, ask: (setting, made) => ask(setting, made) };
    const drawing = em.kinds[kind](scene, tools);
    let trace = null;
    let last = 0;
    let shown = 0;
    let timer = null;

    const button = (name, action) => html("button", { type: "button", onclick: action }, name);
    const play = button("Play", () => (timer ? pause() : start()));
    let taken = null; // a finger on the slider that may yet scroll the page
    const take = () => {
      if (Number(slider.value) !== shown) go(Number(slider.value));
    };
    const slider = html("input", {
      type: "range", min: 0, max: 0, step: 1, value: 0, "aria-label": "Step",
      oninput: () => taken ?? take(),
      onpointerdown: (event) => { taken = event.pointerType === "touch" ? event : null; },
      onpointermove: (event) => { if (taken && isAcross(event, taken)) taken = null; },
      onpointerup: () => {
        taken = null;
        take();
      },
      onpointercancel: () => {
        taken = null;
        slider.value = shown;
      },
    });
    const status = html("p", { role: "status", class: "em-status" });
    const table = html("details", { class: "em-table", ontoggle: fillTable }, html("summary", {}, "Show as table"));
    const live = html("div", { class: "em-live" },
      html("div", { class: "em-choices" }, ...(drawing.choices ?? [])),
      html("div", { class: "em-stage" }, drawing.stage),
      status,
      html("div", { class: "em-controls" },
        button("Previous", () => go(shown - 1)), button("Next", () => go(shown + 1)), play, button("Reset", reset), slider),
      table);

    function fillTable() {
      if (table.open && !table.querySelector("table")) table.append(tableOf(drawing, last));
    }

    function render() {
      const text = drawing.status(shown);
      drawing.show(shown);
      status.replaceChildren(...words(text));
      slider.value = shown;
      slider.setAttribute("aria-valuetext", text.split(":")[0]);
    }

    function use(next, to = 0) {
      trace = next;
      last = trace.last;
      shown = em.clamp(to, last);
      slider.max = last;
      drawing.use(trace);
      table.querySelector(".em-scroll")?.remove();
      fillTable();
      render();
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

    function reset() {
      go(0);
      drawing.reset?.();
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
        if (event.target === slider || event.target.tagName === "SELECT") leavePageKeys(event);
        return;
      }
      const { tagName } = event.target;
      if (tagName === "SELECT") {
        event.stopPropagation();
        return;
      }
      const to = em.stepForKey(event.key, shown, last);
      if (to === null && (event.key !== " " || tagName === "BUTTON")) {
        if (event.key === " " || event.key === "Enter") event.stopPropagation();
        return;
      }
      event.preventDefault();
      event.stopPropagation();
      if (to === null) play.click();
      else go(to);
    }

    // They belong to the page or to the deck; a slider or a select would take them.
    function leavePageKeys(event) {
      event.preventDefault();
      const scroller = scrollerOf(root.parentElement);
      scroller.scrollBy({ top: (event.key === "PageDown" ? 0.9 : -0.9) * scroller.clientHeight });
    }

    const watcher = new IntersectionObserver(([entry]) => {
      if (!entry.isIntersecting) pause();
    });

    use(first, step);
    for (const [name, value] of Object.entries({ "data-em-widget": kind, role: "group", "aria-label": scene.label, tabindex: "0" })) {
      root.setAttribute(name, value);
    }
    root.classList.add("em-stepper", "em-ready");
    root.addEventListener("keydown", onKey);
    root.querySelector(".em-ghost")?.remove();
    (root.querySelector(".em-stack") ?? root).append(live);
    watcher.observe(root);
    return {
      use: (next) => {
        pause();
        use(next);
      },
      setting: () => trace.setting,
      refuse: (text) => {
        pause();
        use(trace, shown);
        setTimeout(() => status.replaceChildren(text)); // after what a pause writes
      },
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

  // A drawing without the shell: one step of it, which a tour or a slide shows.
  em.still = (root, kind, { scene, trace }) => {
    const drawing = em.kinds[kind](scene, { ...em.make, ask: () => {} });
    const status = html("p", { class: "em-status" });
    drawing.use(trace);
    root.append(html("div", { class: "em-live", inert: true }, html("div", { class: "em-stage" }, drawing.stage), status));
    return ({ step, shows, row }) => {
      root.dataset.emShows = shows;
      drawing.show(step);
      if (row !== null) drawing.look(row);
      status.replaceChildren(...words(drawing.status(step)));
    };
  };
  // Where it is on a page; the moments of one run share its data.
  em.moment = (root) => ({ ...JSON.parse(root.dataset.emMoment), kind: root.dataset.emWidget, run: root.dataset.emRun });
  em.runOf = (name) => JSON.parse(document.getElementById(name).textContent);
  const mountMoment = (root) => {
    const { kind, run, ...moment } = em.moment(root);
    em.still(root, kind, em.runOf(run))(moment);
    root.classList.add("em-ready");
  };

  em.fail = (root, error, then = "") => {
    root.classList.add("em-stepper", "em-failed");
    root.append(html("p", { class: "em-status", role: "status" }, SORRY + then));
    console.warn(error);
  };

  // --- in Jupyter: the same, with the kernel's model behind it

  // Keys that a widget answers. Notebook 7 would take them for its shortcuts before the widget
  // gets them, unless what has the focus bears this mark.
  const KEYS = ["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown", " ", "Enter"];
  const MARK = "data-lm-suppress-shortcuts";
  em.isOwnKey = ({ key, altKey, ctrlKey, metaKey, shiftKey }, tagName) =>
    !(altKey || ctrlKey || metaKey) && !(key === "Enter" && shiftKey) && (tagName === "SELECT" || KEYS.includes(key));

  em.renderLive = ({ model, el }) => {
    let handle = null;
    let ahead = null; // the setting that is drawn already while the kernel computes it
    const tell = (name, value) => {
      model.set(name, value);
      model.save_changes();
    };
    const build = () => {
      handle?.destroy();
      handle = em.mount(el, model.get("kind_name"), { scene: model.get("scene"), trace: model.get("trace") }, {
        step: model.get("step"),
        onStep: (step) => tell("step", step),
        ask: (setting, made) => {
          ahead = made ? setting : null;
          if (made) handle.use(made);
          tell("asked", setting);
        },
      });
    };
    const follow = () => handle?.show(model.get("step"));
    const take = () => {
      const trace = model.get("trace");
      const own = trace.setting === "own";
      if (ahead && !own && trace.setting !== ahead) return; // the answer to a question before it
      ahead = null;
      if (own || trace.setting !== handle?.setting()) handle?.use(trace);
    };
    const keep = (event) => {
      const { target } = event;
      if (el.contains(target)) target.toggleAttribute(MARK, em.isOwnKey(event, target.tagName));
    };
    try {
      build();
    } catch (error) {
      em.fail(el, error, String(error));
    }
    const regret = () => {
      if (model.get("refused")) handle?.refuse(model.get("refused"));
    };
    const listeners = { "change:scene": build, "change:trace": take, "change:step": follow, "change:refused": regret };
    for (const [event, listener] of Object.entries(listeners)) model.on(event, listener);
    window.addEventListener("keydown", keep, true);
    return () => {
      window.removeEventListener("keydown", keep, true);
      for (const [event, listener] of Object.entries(listeners)) model.off(event, listener);
      handle?.destroy();
    };
  };

  // --- on the site: every place that a page has prepared

  // Files of runs are scripts, which load from disk too; each calls this with its own name.
  const received = {};
  em.receive = (name, file) => { received[name] = file; };
  const loading = {};
  const load = (address) =>
    (loading[address] ??= new Promise((resolve, reject) => {
      const name = address.split("/").at(-1).replace(".js", "");
      const script = html("script", { src: address, onload: () => resolve(received[name]), onerror: () => reject(new Error(address)) });
      document.head.append(script);
    }).catch((error) => {
      delete loading[address]; // the next choice tries again
      throw error;
    }));

  const mountPlace = (root) => {
    if (!em.scale || !em.shares) throw new Error("a script of the figure did not arrive");
    const page = JSON.parse(root.querySelector("script").textContent);
    let wanted = null;
    const ask = async (setting, made) => {
      wanted = setting;
      if (made || setting === "own") {
        handle.use(made ?? page.trace);
        return;
      }
      const [name, run] = em.parts(setting);
      try {
        const file = await load(page.files[name]);
        if (wanted === setting) handle.use({ setting, ...file.shared, ...file.runs[run] });
      } catch (error) {
        if (wanted === setting) handle.refuse(NOT_LOADED);
        console.warn(error);
      }
    };
    const handle = em.mount(root, root.dataset.emWidget, page, { ask });
  };

  em.start = () => {
    for (const root of document.querySelectorAll("[data-em-widget]:not(.tour *)")) {
      try {
        if (root.dataset.emMoment) mountMoment(root);
        else mountPlace(root);
      } catch (error) {
        em.fail(root, error, "The picture shows its first, a middle and its last step.");
      }
    }
  };
})();
