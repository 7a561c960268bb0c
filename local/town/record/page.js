// The page: its header, the clock with its controls and keys, and what follows the clock.

const STEP_S = 600;
const HOUR_S = 3600;
const clock = { now: 0, playing: false, drawn: 0 };
const scrub = document.getElementById("scrub");
const moveCharts = charts();

/** Shows the town at an instant, in seconds since its first morning. */
function seek(seconds) {
  clock.now = Math.min(LENGTH, Math.max(0, seconds));
  scrub.value = String(Math.round(clock.now));
  scrub.setAttribute("aria-valuetext", clockText(clock.now));
  setText("clock", clockText(clock.now));
  setText("clock-day", `${format("long", { weekday: "long", day: "numeric", month: "long" }, clock.now)}`);
  setText("clock-time", timeText(clock.now));
  drawMap(clock.now, picked.person);
  for (const move of moveCharts) move(clock.now);
  passTimeline(clock.now, true);
  showLatest();
}

function setText(id, words) {
  const found = document.getElementById(id);
  if (found.textContent !== words) found.textContent = words;
}

function play(wanted) {
  if (wanted && clock.now >= LENGTH) seek(0);
  clock.playing = wanted;
  clock.drawn = performance.now();
  document.getElementById("play").setAttribute("aria-pressed", String(wanted));
  setText("play-word", wanted ? "Pause" : "Play");
}

function frame(instant) {
  if (clock.playing) {
    const gone = Math.min(0.25, Math.max(0, (instant - clock.drawn) / 1000));
    seek(clock.now + gone * Number(document.getElementById("speed").value));
    if (clock.now >= LENGTH) play(false);
  } else if (!still.matches && cloudsAt(clock.now).some((cloud) => cloud.raining)) drawMap(clock.now, picked.person);
  clock.drawn = instant;
  requestAnimationFrame(frame);
}

/** The last decisions that did something, under the map. */
function showLatest() {
  const passed = countUntil(news, clock.now);
  const list = document.getElementById("latest");
  if (list.dataset.passed === String(passed)) return;
  list.dataset.passed = String(passed);
  list.replaceChildren(...news.slice(Math.max(0, passed - 4), passed).reverse().map(({ at: seconds, person, line }) => {
    const { badge, colour, text: sentence } = line;
    const button = element("button");
    button.type = "button";
    const words = element("span", "said", `${person.name}: ${sentence}`);
    if (line.why) words.append(element("span", "minor", `, ${line.why}`));
    button.append(element("span", "minor", clockText(seconds)), element("span", `badge ${colour}`, badge), words);
    button.addEventListener("click", () => choose(person));
    const item = element("li");
    item.append(button);
    return item;
  }));
}

const KEYS = {
  " ": () => play(!clock.playing),
  ArrowLeft: (event) => seek(clock.now - (event.shiftKey ? HOUR_S : STEP_S)),
  ArrowRight: (event) => seek(clock.now + (event.shiftKey ? HOUR_S : STEP_S)),
  Home: () => seek(0),
  End: () => seek(LENGTH),
};

function onKey(event) {
  const { target } = event;
  const own = target !== scrub && target.matches("input, select, textarea, .timeline, .people");
  const presses = event.key === " " && target.matches("button, a, summary");
  if (own || presses || event.ctrlKey || event.altKey || event.metaKey || !Object.hasOwn(KEYS, event.key)) return;
  event.preventDefault();
  KEYS[event.key](event);
}

function setUpMap() {
  const tip = document.getElementById("map-tip");
  const under = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  canvas.addEventListener("pointermove", (event) => {
    const { x, y } = under(event);
    const person = personAt(x, y, clock.now);
    tip.hidden = !person;
    canvas.style.cursor = person ? "pointer" : "";
    if (!person) return;
    tip.replaceChildren(element("b", "", person.name), placeOf(person, clock.now).walking ? "on the way" : "at home");
    tip.style.left = `${Math.min(x + 14, view.width - tip.offsetWidth - 6)}px`;
    tip.style.top = `${Math.max(4, y - 44)}px`;
  });
  canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
  canvas.addEventListener("click", (event) => {
    const { x, y } = under(event);
    const person = personAt(x, y, clock.now);
    if (person) choose(person);
  });
  const anew = () => {
    fitMap();
    drawMap(clock.now, picked.person);
  };
  new ResizeObserver(anew).observe(canvas.parentElement);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", anew);
  fitMap();
}

function setUpControls() {
  scrub.max = String(LENGTH);
  scrub.addEventListener("input", () => seek(Number(scrub.value)));
  document.getElementById("play").addEventListener("click", () => play(!clock.playing));
  document.addEventListener("keydown", onKey);
}

function showHeader() {
  const { about } = data;
  const hours = Math.round(about.length_s / HOUR_S);
  const long = hours ? counted(hours, "hour") : counted(Math.round(about.length_s / 60), "minute");
  setText("headline", `${counted(about.customers, "customer")}, ${long} of their town`);
  setText("what", "Play the town, then choose a dot on the map: every message, refusal and wait says why.");
  document.title = `Sillage: ${number(about.customers)} customers, seed ${about.seed}`;
  const began = new Date(about.began).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
  const facts = [
    ["touchpoints", number(about.touchpoints)], ["decisions", number(about.decisions)],
    ["e-mails", number(about.messages.email)], ["pushes", number(about.messages.push)], ["tasks", number(about.tasks)],
    ["town hours a second", number(about.speed)], ["seed", String(about.seed)], ["recorded", began],
  ];
  document.getElementById("facts").append(...facts.map(([name, value]) => {
    const fact = element("div");
    fact.append(element("dt", "", name), element("dd", "", value));
    return fact;
  }));
  const left = document.getElementById("left-out");
  left.hidden = !about.left_out.length;
  left.append(...about.left_out.map(([what, count, limit]) => element("li", "", `${number(count)} ${what} are not on this page, which keeps the first ${number(limit)}; the charts and counts hold all of them.`)));
}

function showJourneys() {
  document.getElementById("journeys").append(...data.journeys.map((journey) => {
    const card = element("article", "panel journey");
    const facts = element("dl");
    for (const name of ["entered", "sent", "tasks", "converted"]) {
      if (!journey[name] && name !== "entered" && name !== "sent") continue;
      const fact = element("div");
      fact.append(element("dt", "", name), element("dd", "", number(journey[name])));
      facts.append(fact);
    }
    card.append(element("h3", "", titleOf(journey.name)), element("p", "code", journey.name), facts, ...outcomesOf(journey));
    return card;
  }));
}

function showOffers() {
  const { facts, ...tables } = data.offers;
  document.getElementById("offers").hidden = !facts.length;
  for (const [subject, fact] of facts) {
    if (!subject.startsWith("lift")) continue;
    document.getElementById("offer-facts").append(element("dt", "", subject), element("dd", "", fact));
  }
  for (const [name, rows] of Object.entries(tables)) {
    document.getElementById(`offer-${name}`).append(...rows.map(([what, ...counts]) => {
      const row = element("tr");
      const head = element("th", "", what.replaceAll("_", " "));
      head.scope = "row";
      row.append(head, ...counts.map((count) => element("td", "", number(count))));
      return row;
    }));
  }
}

function outcomesOf(journey) {
  const ended = journey.outcomes.reduce((sum, [, count]) => sum + count, 0);
  const inside = Math.max(0, journey.entered - ended);
  const parts = [...journey.outcomes, ...(inside ? [["inside still", inside]] : [])];
  const bar = element("div", "bar");
  const list = element("ul", "legend");
  parts.forEach(([name, count], index) => {
    const colour = name === "converted" ? "var(--good)" : name === "inside still" ? "var(--calm-bg)" : `var(--c${[1, 3, 5, 6, 4, 7, 8][index % 7]})`;
    const slice = element("i");
    slice.style.cssText = `background: ${colour}; width: ${(100 * count) / Math.max(1, journey.entered)}%`;
    const mark = element("i");
    mark.style.background = name === "inside still" ? "var(--line)" : colour;
    const item = element("li");
    item.append(mark, `${name.replaceAll("_", " ")} `, element("b", "", number(count)));
    bar.append(slice);
    list.append(item);
  });
  return [bar, list];
}

showHeader();
showJourneys();
showOffers();
setUpMap();
setUpControls();
setUpPeople();
if (ranked.length) choose(ranked[0]);
seek(Math.min(4 * HOUR_S, LENGTH / 4));
requestAnimationFrame(frame);
