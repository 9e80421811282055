// The tour: one picture stays while short texts pass by it, and each text puts it into its state.
//
// The states are the widgets' own drawings: each scene's is drawn once, in spare moments, and kept as
// the attributes of its elements; a change of scene moves these from one state to the other.
(() => {
  "use strict";
  const em = globalThis.emWidgets;
  const MOVE_MS = 450;
  const ATTRIBUTES = ["d", "points", "transform", "x", "y", "cx", "cy", "text-anchor"];
  const NUMBER = /-?\d+(?:\.\d+)?(?:e-?\d+)?/g;
  const AWAY = "translate(-99 -99)"; // where drawings put what is not there
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const tour = document.querySelector(".tour");
  const [view, stage, says] = ["view", "stage", "says"].map((name) => tour.querySelector(`.tour-${name}`));
  const dots = [...view.querySelectorAll("li a")];
  const [previous, next] = view.querySelectorAll("button");
  const scenes = dots.map((dot) => {
    const section = document.getElementById(decodeURIComponent(dot.hash.slice(1)));
    const place = section.querySelector("[data-em-moment]");
    const words = [...section.querySelectorAll(":scope > p")].map((p) => p.textContent).join(" ");
    return { section, place, words, ...em.moment(place), address: dot.hash, about: section.querySelector("img").alt };
  });

  // --- pictures: a drawing for each run, which shows the run's moments

  const pictures = {};
  const pictureOf = ({ run, kind }) => {
    if (!pictures[run]) {
      const root = em.make.html("div", { class: "em-stepper em-still em-ready", "data-em-widget": kind });
      const show = em.still(root, kind, em.runOf(run));
      root.dataset.emShows = "ring";
      stage.append(root);
      pictures[run] = { root, show, nodes: null, opacities: null };
    }
    return pictures[run];
  };
  const textOf = (node) => (node.childElementCount ? null : node.textContent);
  const read = ({ nodes }) => nodes.map((node) => [...ATTRIBUTES.map((name) => node.getAttribute(name)), textOf(node)]);
  const set = (node, name, value) => (value === null ? node.removeAttribute(name) : node.setAttribute(name, value));
  const write = ({ nodes }, state) => {
    nodes.forEach((node, i) => {
      const text = state[i].at(-1);
      if (text !== null && text !== node.textContent) node.textContent = text;
      ATTRIBUTES.forEach((name, j) => {
        if (node.getAttribute(name) !== state[i][j]) set(node, name, state[i][j]);
      });
    });
  };
  // Asked once for all: an answer amid changes would cost a layout each time.
  const opacitiesOf = (picture) => (picture.opacities ??= picture.nodes.map((node) => Number(getComputedStyle(node).opacity)));
  // What a moment looks like, and what its run's beginning does. Where that cannot be drawn, each
  // scene shows its own picture.
  const prepare = (scene) => {
    if (scene.state) return;
    try {
      look(scene);
    } catch (error) {
      tour.classList.add("failed");
      throw error;
    }
  };
  const look = (scene) => {
    const picture = pictureOf(scene);
    const before = picture.nodes && read(picture);
    const { emShows } = picture.root.dataset;
    const [begin, state] = [0, scene.step].map((step) => {
      picture.show({ ...scene, step });
      picture.nodes ??= [...picture.root.querySelectorAll("svg *")];
      return read(picture);
    });
    Object.assign(scene, { picture, begin, state });
    opacitiesOf(picture);
    if (!before) return;
    write(picture, before);
    picture.root.dataset.emShows = emShows;
  };

  // --- from state to state

  const skeleton = (text) => text.replace(NUMBER, "#");
  // The same number of pieces: those that one has more begin, or end, at the other's last.
  const matched = (from, to) => {
    const most = Math.max(from.length, to.length);
    return [from, to].map((pieces) => [...pieces, ...Array(most - pieces.length).fill(pieces.at(-1))].join(" "));
  };
  const alike = (name, from, to) => {
    if (!from || !to || from === AWAY || to === AWAY) return null;
    if (skeleton(from) === skeleton(to)) return [from, to];
    if (name === "points") return matched(...[from, to].map((text) => text.match(/\S+ \S+/g)));
    if (name !== "d") return null;
    for (const cut of [/(?=M)/, /(?=L)/]) {
      const [one, other] = [from, to].map((text) => text.split(cut));
      const kinds = new Set([...one, ...other].map((piece) => skeleton(piece).replace(/^[ML]/, "")));
      if (kinds.size === 1) return matched(one, other);
    }
    return null;
  };
  const between = (from, to) => {
    const [start, end] = [from, to].map((text) => text.match(NUMBER)?.map(Number) ?? []);
    const words = to.split(NUMBER);
    return (share) => words.reduce((text, word, i) => `${text}${(start[i - 1] + (end[i - 1] - start[i - 1]) * share).toFixed(2)}${word}`);
  };
  const fades = (node) => node.matches(".em-point, .em-density");

  let moving = null; // what ends the movement that is under way, leaving all where it is
  const move = (picture, state, entered) => {
    const moves = [];
    const ghosts = [];
    const shown = [];
    const fade = (node, opacity, isSeen) => {
      if (isSeen) {
        const ghost = node.cloneNode(true);
        ghosts.push([node, ghost]);
        shown.push([ghost, { opacity: [opacity, 0] }]);
      }
      shown.push([node, { opacity: [0, opacity] }]);
    };
    const now = read(picture);
    picture.nodes.forEach((node, i) => {
      const text = state[i].at(-1);
      if (text !== null && text !== now[i].at(-1)) node.textContent = text;
      ATTRIBUTES.forEach((name, j) => {
        const [from, to] = [now[i][j], state[i][j]];
        if (from === to) return;
        const pair = fades(node) ? null : alike(name, from, to);
        if (pair) moves.push([node, name, between(...pair), to]);
        else {
          if (to && !entered) fade(node, picture.opacities[i], from);
          set(node, name, to);
        }
      });
    });
    for (const [node, ghost] of ghosts) node.before(ghost);
    const animations = shown.map(([node, frames]) => node.animate(frames, { duration: MOVE_MS, fill: "forwards" }));
    const start = performance.now();
    let frame = 0;
    const step = (time) => {
      const part = Math.min(Math.max(time - start, 0) / MOVE_MS, 1);
      const share = part * part * (3 - 2 * part);
      for (const [node, name, at, to] of moves) set(node, name, part < 1 ? at(share) : to);
      if (part < 1) frame = requestAnimationFrame(step);
      else moving();
    };
    moving = () => {
      cancelAnimationFrame(frame);
      for (const [, ghost] of ghosts) ghost.remove();
      for (const each of animations) each.cancel();
      moving = null;
    };
    frame = requestAnimationFrame(step);
  };

  // After the frame in which the texts jump: both in one would be too much for a slow phone.
  const soon = (work) => {
    let frame = requestAnimationFrame(() => { frame = requestAnimationFrame(work); });
    moving = () => {
      cancelAnimationFrame(frame);
      moving = null;
    };
  };

  // --- the scene that is shown

  let at = -1;
  const show = (to) => {
    if (to === at) return;
    const scene = scenes[to];
    moving?.();
    prepare(scene);
    const { picture } = scene;
    const entered = picture !== scenes[at]?.picture;
    const onward = to > at;
    picture.root.dataset.emShows = scene.shows;
    if (at < 0 || calm.matches || (entered && !onward)) write(picture, scene.state);
    else {
      if (entered) write(picture, scene.begin);
      soon(() => move(picture, scene.state, entered));
    }
    for (const each of Object.values(pictures)) each.root.classList.toggle("here", each === picture);
    stage.setAttribute("aria-label", scene.about);
    scenes.forEach(({ section }, i) => section.classList.toggle("here", i === to));
    dots.forEach((dot, i) => (i === to ? dot.setAttribute("aria-current", "step") : dot.removeAttribute("aria-current")));
    previous.setAttribute("aria-disabled", to === 0);
    next.setAttribute("aria-disabled", to === scenes.length - 1);
    at = to;
  };
  const scrollTo = (to) => scenes[to].section.scrollIntoView({ block: "start", behavior: "instant" });
  // In a frame of its own, for it is a text to lay out.
  const say = () => spare(() => { says.textContent = `Scene ${at + 1} of ${scenes.length}: ${scenes[at].words}`; });
  // A jump can be undone by going back; a step, as scrolling, only takes the address along.
  const go = (to, isJump = false) => {
    if (!scenes[to]) return;
    if (to !== at) history[isJump ? "pushState" : "replaceState"](history.state, "", scenes[to].address);
    scrollTo(to);
    show(to);
    say();
  };

  // The last scene whose text has come to the line at which one begins to read.
  const isBeside = () => getComputedStyle(tour).display === "grid";
  const seen = () => {
    const from = isBeside() ? 0.2 * innerHeight : view.getBoundingClientRect().bottom;
    const line = from + 0.35 * (innerHeight - from);
    return Math.max(0, scenes.findLastIndex(({ section }) => section.getBoundingClientRect().top <= line));
  };
  let asked = 0;
  const follow = () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      const to = seen();
      if (to === at) return;
      show(to);
      history.replaceState(history.state, "", scenes[to].address);
    });
  };
  const measure = () => tour.style.setProperty("--tour-top", isBeside() ? "" : `${view.offsetHeight}px`);

  const isTaken = ({ target, altKey, ctrlKey, metaKey, shiftKey }) =>
    altKey || ctrlKey || metaKey || shiftKey || target.closest?.("input, select, textarea, .contents, .scroll");
  const onKey = (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by || isTaken(event)) return;
    event.preventDefault();
    go(at + by);
  };
  const named = () => scenes.findIndex(({ address }) => address === location.hash);

  const prepareRest = () => {
    const waiting = scenes.find(({ state }) => !state);
    if (!waiting) return;
    prepare(waiting);
    spare(prepareRest);
  };
  const spare = globalThis.requestIdleCallback ?? ((work) => setTimeout(work, 50));

  measure();
  if (named() > 0 && performance.getEntriesByType("navigation")[0]?.type === "navigate") scrollTo(named());
  show(Math.max(named() > 0 ? named() : seen(), 0));
  for (const { place } of scenes) place.classList.add("em-ready");
  tour.classList.add("em-ready");
  previous.addEventListener("click", () => go(at - 1));
  next.addEventListener("click", () => go(at + 1));
  dots.forEach((dot, i) => dot.addEventListener("click", (event) => {
    event.preventDefault();
    go(i, true);
  }));
  addEventListener("keydown", onKey);
  addEventListener("scroll", follow, { passive: true });
  let width = innerWidth; // a phone's bars change the height alone, while one scrolls
  addEventListener("resize", () => {
    measure();
    if (innerWidth === width) follow();
    else scrollTo(at);
    width = innerWidth;
  });
  addEventListener("popstate", () => {
    const to = named();
    if (to < 0) return;
    scrollTo(to);
    show(to);
    say();
  });
  spare(prepareRest);
})();
