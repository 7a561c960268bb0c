// Charts over the town's time, as SVG drawn by hand: bars that stand on each other, and lines.

const SVG = "http://www.w3.org/2000/svg";
const PAD = { left: 46, right: 8, top: 10, bottom: 22 };
const TALL = 220;
const TASK_COLOURS = { done: "--good", cancelled: "--c8", expired: "--c3", no_answer: "--c4" };

function svg(tag, attributes, words = "") {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (words !== "") made.textContent = words;
  return made;
}

/** The round step of an axis that shows about `wanted` of them up to `most`. */
function niceStep(most, wanted) {
  const rough = Math.max(most / wanted, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((times) => times * power).find((step) => step >= rough);
}

function charts() {
  const { touchpoints, actions, tasks: ended, latency } = data.charts;
  const coloured = (series, first) => series.map(([name, values], index) => ({ name, values, colour: `var(--c${(index + first) % 11})` }));
  const outcomes = ended.map(([name, values], index) => ({
    name: name.replaceAll("_", " "), values, colour: `var(${TASK_COLOURS[name] ?? `--c${(index + 5) % 11}`})`,
  }));
  const quantiles = [
    { name: "p50", values: latency.p50, colour: "var(--c2)" },
    { name: "p99", values: latency.p99, colour: "var(--c4)" },
  ];
  const measured = (index) => [["actions measured", number(latency.count[index])]];
  return [
    chart("touchpoints", "Touchpoints by channel", perBin("touchpoints"), coloured(touchpoints, 0), true),
    chart("actions", "Actions by journey", perBin("messages and tasks asked for"), coloured(actions, 1), true),
    chart("latency", "From event to action", "ms, from the broker's append of one to that of the other", quantiles, false, measured),
    chart("tasks", "Tasks by outcome", perBin("tasks ended"), outcomes, true),
  ];
}

const perBin = (what) => `${what} per ${spanText(data.charts.width_s)}`;

/** Draws a chart into its figure, again whenever its width changes; gives what moves its line of now. */
function chart(name, title, unit, series, stacked, further = () => []) {
  const figure = document.getElementById(`chart-${name}`);
  const caption = element("figcaption", "", title);
  caption.append(element("small", "", unit));
  const drawing = svg("svg", { role: "img", tabindex: "0" });
  const tip = element("div", "tip");
  tip.hidden = true;
  figure.append(caption, drawing, legendOf(series, stacked), tip);
  const { bins } = data.charts;
  const sums = Array.from({ length: bins }, (_, index) => series.reduce((sum, each) => sum + (each.values[index] ?? 0), 0));
  const highest = stacked ? Math.max(...sums) : Math.max(0, ...series.flatMap((each) => each.values.map((value) => value ?? 0)));
  drawing.setAttribute("aria-label", `${title}, ${unit}: ${spoken(series, stacked)}`);
  const state = { width: 0, x: () => 0, playhead: svg("line", { class: "playhead" }), hover: svg("rect", { class: "hover" }), at: 0, bin: -1 };

  const draw = () => {
    state.width = Math.max(200, drawing.clientWidth);
    const wide = state.width - PAD.left - PAD.right;
    const tall = TALL - PAD.top - PAD.bottom;
    const step = niceStep(highest, 4);
    const top = Math.max(step, Math.ceil(highest / step) * step);
    state.x = (seconds) => PAD.left + (wide * Math.min(seconds, bins * data.charts.width_s)) / (bins * data.charts.width_s);
    const y = (value) => PAD.top + tall * (1 - value / top);
    drawing.setAttribute("viewBox", `0 0 ${state.width} ${TALL}`);
    drawing.replaceChildren(...axes(state, step, top, y), state.hover);
    const column = wide / bins;
    Object.entries({ y: PAD.top, height: tall, width: column }).forEach(([key, value]) => state.hover.setAttribute(key, value));
    drawing.append(...(stacked ? bars(series, column, y) : lines(series, column, y)), state.playhead);
    state.playhead.setAttribute("y1", PAD.top);
    state.playhead.setAttribute("y2", PAD.top + tall);
    move(state.at);
  };
  const move = (seconds) => {
    state.at = seconds;
    for (const end of ["x1", "x2"]) state.playhead.setAttribute(end, state.x(seconds).toFixed(1));
  };
  const point = (bin) => {
    state.bin = bin;
    tip.hidden = bin < 0;
    state.hover.style.display = bin < 0 ? "none" : "";
    if (bin < 0) return;
    const x = state.x(bin * data.charts.width_s);
    state.hover.setAttribute("x", x);
    showTip(tip, bin, series, stacked ? [["in all", number(sums[bin])]] : further(bin));
    tip.style.top = "52px";
    const left = x + 34 + tip.offsetWidth > state.width ? x - tip.offsetWidth - 4 : x + 34;
    tip.style.left = `${Math.max(4, left)}px`;
  };
  hoverable(drawing, state, point);
  point(-1);
  new ResizeObserver(draw).observe(drawing);
  return move;
}

function hoverable(drawing, state, point) {
  const { bins, width_s } = data.charts;
  const binAt = (event) => {
    const box = drawing.getBoundingClientRect();
    const part = (event.clientX - box.left - PAD.left) / (state.width - PAD.left - PAD.right);
    return part < 0 || part > 1 ? -1 : Math.min(bins - 1, Math.floor(part * bins));
  };
  drawing.addEventListener("pointermove", (event) => point(binAt(event)));
  drawing.addEventListener("pointerleave", () => point(-1));
  drawing.addEventListener("blur", () => point(-1));
  drawing.addEventListener("click", (event) => {
    const bin = binAt(event);
    if (bin >= 0) seek(bin * width_s);
  });
  drawing.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) point(Math.min(bins - 1, Math.max(0, state.bin + by)));
    else if (event.key === "Enter" && state.bin >= 0) seek(state.bin * width_s);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

function showTip(tip, bin, series, more) {
  const begin = bin * data.charts.width_s;
  tip.replaceChildren(element("b", "", `${clockText(begin)} to ${timeText(begin + data.charts.width_s)}`));
  const rows = series.map((each) => [each.name, each.values[bin], each.colour]).filter(([, value]) => value);
  for (const [name, value, colour] of [...rows, ...more]) {
    const row = element("span");
    const label = element("em", "", name);
    label.style.fontStyle = "normal";
    if (colour) {
      const mark = element("i");
      mark.style.background = colour;
      label.prepend(mark);
    }
    row.append(label, element("strong", "", typeof value === "number" ? number(value) : value));
    tip.append(row);
  }
}

function legendOf(series, stacked) {
  const list = element("ul", "legend");
  for (const { name, values, colour } of series) {
    const item = element("li");
    const mark = element("i");
    mark.style.background = colour;
    item.append(mark, name);
    if (stacked) item.append(element("b", "", number(values.reduce((sum, value) => sum + value, 0))));
    list.append(item);
  }
  if (!series.length) list.append(element("li", "", "none in this run"));
  return list;
}

function spoken(series, stacked) {
  const told = series.map(({ name, values }) => {
    const known = values.filter((value) => value !== null);
    return stacked ? `${name} ${number(known.reduce((sum, value) => sum + value, 0))}` : `${name} up to ${number(Math.max(0, ...known))}`;
  });
  return told.join(", ") || "none";
}

function axes(state, step, top, y) {
  const parts = [];
  for (let value = 0; value <= top; value += step) {
    const spot = Math.round(y(value)) + 0.5;
    parts.push(svg("line", { class: "grid", x1: PAD.left, x2: state.width - PAD.right, y1: spot, y2: spot }));
    parts.push(svg("text", { x: PAD.left - 7, y: spot + 4, "text-anchor": "end" }, number(value)));
  }
  const whole = data.charts.bins * data.charts.width_s;
  const room = Math.max(2, Math.floor((state.width - PAD.left) / 78));
  const hours = [1, 2, 3, 4, 6, 12, 24, 48, 96, 240, 480, 960].find((each) => whole / 3600 / each <= room) ?? 2400;
  const offset = minuteOfDay(0) * 60;
  for (let tick = Math.ceil(offset / (hours * 3600)) * hours * 3600 - offset; tick <= whole; tick += hours * 3600) {
    const x = state.x(tick);
    parts.push(svg("line", { class: "grid", x1: x, x2: x, y1: TALL - PAD.bottom, y2: TALL - PAD.bottom + 4 }));
    if (x < state.width - 26) parts.push(svg("text", { x, y: TALL - 5, "text-anchor": x < PAD.left + 20 ? "start" : "middle" }, clockText(tick)));
  }
  return parts;
}

/** One path a series, each bar on those of the series before it. */
function bars(series, column, y) {
  const under = Array.from({ length: data.charts.bins }, () => 0);
  const wide = Math.max(0.8, column - (column > 4 ? 1 : 0.2));
  return series.map(({ values, colour }) => {
    const path = values.map((value, index) => {
      if (!value) return "";
      const [low, high] = [y(under[index]), y(under[index] + value)];
      under[index] += value;
      return `M${(PAD.left + index * column).toFixed(2)} ${low.toFixed(2)}V${high.toFixed(2)}h${wide.toFixed(2)}V${low.toFixed(2)}z`;
    });
    const drawn = svg("path", { d: path.join("") });
    drawn.style.fill = colour;
    return drawn;
  });
}

/** A line a series, broken where nothing was measured, with a dot at each value. */
function lines(series, column, y) {
  return series.flatMap(({ values, colour }) => {
    const spots = values.map((value, index) => (value === null ? null : [PAD.left + (index + 0.5) * column, y(value)]));
    let path = "";
    spots.forEach((spot, index) => {
      if (spot) path += `${index && spots[index - 1] ? "L" : "M"}${spot[0].toFixed(1)} ${spot[1].toFixed(1)}`;
    });
    const line = svg("path", { d: path, fill: "none", "stroke-width": 2, "stroke-linejoin": "round" });
    line.style.stroke = colour;
    return [line, ...spots.filter(Boolean).map(([cx, cy]) => {
      const dot = svg("circle", { cx: cx.toFixed(1), cy: cy.toFixed(1), r: 2 });
      dot.style.fill = colour;
      return dot;
    })];
  });
}
