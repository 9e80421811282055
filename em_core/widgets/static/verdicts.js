// A row of verdicts: a button for each turns it round; bars show the shares of the classes, and what
// each verdict argues between two of them. Each step turns another verdict round, for a moment.
(() => {
  "use strict";
  const em = (globalThis.emWidgets ??= { kinds: {} });
  const [LEFT, WIDTH, ROW, BAR] = [150, 450, 31, 19];
  const VALUE = WIDTH + 96; // where the numbers end

  em.kinds.verdicts = (scene, tools) => {
    const { svg, html, choice, ask } = tools;
    const { judges, classes, pairs, shares, arguments: told } = scene;
    let trace = null;
    const between = choice("Argue between", pairs.map(([upper, lower], i) => [String(i), `${classes[upper]}, ${classes[lower]}`]), (value) => to(trace.given, Number(value)));
    const to = (given, pair) => {
      const setting = `answers:${given},${pair}`;
      ask(setting, { ...trace, setting, given, pair });
    };
    const turned = (given, i) => `${given.slice(0, i)}${1 - given[i]}${given.slice(i + 1)}`;
    const at = (step) => (step ? turned(trace.given, step - 1) : trace.given);
    const shareOf = (given) => shares[parseInt(given, 2)];
    const argues = (given, i) => told[trace.pair].answers[i][given[i]];
    const word = (given, i) => (given[i] === "1" ? "yes" : "no");

    const buttons = judges.map((judge, i) => html("button", { type: "button", onclick: () => to(turned(trace.given, i), trace.pair) }, judge));
    const text = (x, y, words, anchor = "end") => svg("text", { x, y, "text-anchor": anchor }, words);
    const line = (y) => ({ bar: svg("path", {}), mark: svg("path", { class: "em-written" }), value: text(VALUE, y + 7, ""), y });
    const of = classes.map((name, j) => ({ ...line(ROW * (j + 0.5)), name: text(-12, ROW * (j + 0.5) + 7, name) }));
    const top = ROW * (classes.length + 1.6);
    const rows = ["shares", ...judges].map((name, i) => ({ ...line(top + ROW * (i + 0.5)), name: text(-12, top + ROW * (i + 0.5) + 7, name) }));
    const bottom = top + ROW * rows.length;
    const heads = [text(WIDTH / 2 - 14, top - 14, ""), text(WIDTH / 2 + 14, top - 14, "", "start")];
    const sum = text(VALUE, bottom + 28, "");
    const drawn = [...of, ...rows].flatMap((row) => [row.bar, row.mark, row.name, row.value]);
    const stage = svg("svg", { viewBox: `${-LEFT} 0 ${LEFT + VALUE + 6} ${bottom + 40}`, class: "em-plane", role: "img", "aria-label": "The shares of the classes, and what each verdict argues" },
      svg("path", { d: `M0 0V${ROW * classes.length}M${WIDTH / 2} ${top - 4}V${bottom}`, class: "em-frame" }), ...drawn, ...heads, sum);
    const most = Math.max(...told.flatMap((one) => [one.shares, ...one.answers.flat()]).map(Math.abs));
    const [wide, x] = [em.scale([0, 1], [0, WIDTH]), em.scale([-most, most], [0, WIDTH])];

    const put = ({ bar, mark, value, y }, from, end, before, words) => {
      bar.setAttribute("d", `M${from.toFixed(1)} ${y - BAR / 2}H${end.toFixed(1)}v${BAR}H${from.toFixed(1)}Z`);
      mark.setAttribute("d", before === end ? "M0 0" : `M${before.toFixed(1)} ${y - BAR / 2 - 3}v${BAR + 6}`);
      value.textContent = words;
    };
    const signed = (number) => `${number > 0 ? "+" : ""}${em.number(number, 2)}`;
    const said = (given) => judges.filter((_, i) => given[i] === "1").join(", ") || "nobody";
    const moved = (step, j) => {
      const [was, now] = [trace.given, at(step)].map((given) => em.number(shareOf(given)[j], 3));
      return step ? `${was} → ${now}` : now;
    };
    const total = (given) => judges.reduce((all, _, i) => all + argues(given, i), told[trace.pair].shares);

    return {
      stage: html("div", { class: "em-verdicts" }, html("div", { class: "em-toggles", role: "group", "aria-label": "Verdicts, each turned round by a press" }, ...buttons), stage),
      choices: [between.element],
      use: (next) => {
        trace = next;
        between.select.value = String(trace.pair);
        const [upper, lower] = pairs[trace.pair];
        heads[0].textContent = `← ${classes[lower]}`;
        heads[1].textContent = `${classes[upper]} →`;
        buttons.forEach((button, i) => {
          button.textContent = `${judges[i]} ${word(trace.given, i)}`;
          button.classList.toggle("em-said", trace.given[i] === "1");
        });
      },
      show: (step) => {
        const given = at(step);
        of.forEach((row, j) => {
          row.bar.setAttribute("class", `em-fill-${"abcd"[j]}`);
          put(row, 0, wide(shareOf(given)[j]), wide(shareOf(trace.given)[j]), em.number(shareOf(given)[j], 3));
        });
        rows.forEach((row, i) => {
          const [now, before] = i ? [given, trace.given].map((one) => argues(one, i - 1)) : [told[trace.pair].shares, told[trace.pair].shares];
          row.bar.setAttribute("class", `em-fill-${"abcd"[pairs[trace.pair][now > 0 ? 0 : 1]]}`);
          row.name.classList.toggle("em-turned", step > 0 && i === step);
          put(row, x(0), x(now), x(before), signed(now));
          if (i) row.name.textContent = `${judges[i - 1]} ${word(given, i - 1)}`;
        });
        sum.textContent = `together ${signed(total(given))}`;
      },
      status: (step) => {
        const found = classes.map((name, j) => `${name} ${moved(step, j)}`).join(", ");
        return step ? `${judges[step - 1]} turned to ${word(at(step), step - 1)}: ${found}` : `As given, a yes from ${said(trace.given)}: ${found}`;
      },
      head: ["Turned", ...classes, "argues", "together"],
      row: (step) => [
        step ? `${judges[step - 1]} to ${word(at(step), step - 1)}` : "none", ...classes.map((_, j) => moved(step, j)),
        step ? signed(argues(at(step), step - 1)) : "–", signed(total(at(step)))],
      reset: () => {
        if (trace.setting !== "own") ask("own");
      },
    };
  };
})();
