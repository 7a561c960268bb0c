// A timeline: every touchpoint of a person, under each what was decided and why, and every message as it was read.

const shown = { rows: [], passed: -1 };
const BY_TIMER = -1;
const CHANNEL_COLOURS = { web: "--c1", app: "--c2", email: "--email", sms: "--c3", push: "--push", store: "--c7", call: "--task", chat: "--c6", social: "--c5", postal: "--c9" };

/** Entries in the order of time; what only repeats is one entry. */
function entriesOf(person) {
  const causes = new Map();
  const alone = [];
  for (const decision of person.decisions) {
    if (decision.cause < 0) alone.push({ at: decision.at, kind: "decision", decisions: [decision] });
    else causes.set(decision.cause, [...(causes.get(decision.cause) ?? []), decision]);
  }
  const entries = person.touches.map((touch, index) => ({ at: touch.at, kind: "touch", touch, decisions: causes.get(index) ?? [] }));
  const read = person.messages.map((message) => ({ at: message.at, kind: "message", message, decisions: [] }));
  return bundled([...entries, ...alone, ...read].sort((one, other) => one.at - other.at));
}

/** Positions in a row of which the same was decided, with the same reasons, are one entry with all its touchpoints. */
function bundled(entries) {
  const found = [];
  for (const entry of entries) {
    const last = found.at(-1);
    const walks = entry.kind === "touch" && entry.touch.type === "position.reported";
    if (walks && last?.kind === "positions" && sameDecided(last, entry)) last.touches.push(entry.touch);
    else found.push(walks ? { ...entry, kind: "positions", touches: [entry.touch] } : entry);
  }
  return found;
}

function sameDecided(one, other) {
  const told = (entry) => entry.decisions.map(({ lines }) => lines.map((line) => [line.what, line.enrollment, line.journey, line.code, line.why].join("\n")).join("\n\n")).join("\n\n\n");
  return told(one) === told(other);
}

const FILTERS = {
  all: () => true,
  why: (entry) => entry.decisions.length > 0,
  read: (entry) => entry.kind === "message",
};

function showTimeline() {
  const list = document.getElementById("timeline");
  const entries = entriesOf(picked.person).filter(FILTERS[picked.filter]);
  const rows = [];
  let day = "";
  shown.rows = [];
  shown.passed = -1;
  for (const entry of entries) {
    if (dayText(entry.at) !== day) {
      day = dayText(entry.at);
      rows.push(element("li", "day", day));
    }
    const row = rowOf(entry);
    shown.rows.push({ at: entry.at, row });
    rows.push(row);
  }
  if (!entries.length) rows.push(element("li", "day minor", { all: "Nothing happened to them in this run.", why: "Nothing was decided about them.", read: "They got no message." }[picked.filter]));
  list.replaceChildren(...rows);
  list.scrollTop = 0;
}

function rowOf(entry) {
  const item = element("li", entry.kind);
  const row = element("div", "row");
  row.append(timeButton(entry.at));
  if (entry.kind === "message") {
    item.style.setProperty("--dot", `var(--${entry.message.channel === "push" ? "push" : "email"})`);
    row.append(element("span", "text", `${entry.message.channel === "push" ? "read a push" : "read an e-mail"}`));
    item.append(row, letterOf(entry.message));
    return item;
  }
  if (entry.kind === "positions") row.append(element("span", "text minor", positionsText(entry)));
  else if (entry.kind === "touch") {
    item.style.setProperty("--dot", `var(${CHANNEL_COLOURS[entry.touch.channel] ?? "--calm"})`);
    row.append(element("span", "text", touchText(entry.touch.type, entry.touch.said)));
    row.append(element("span", "type code", `${entry.touch.type} · ${entry.touch.channel}`));
  } else row.append(element("span", "text", entry.decisions[0].cause === BY_TIMER ? "the time of a journey had come" : "the engine was told something"));
  item.append(row, ...entry.decisions.map((decision) => whyOf(decision, entry.at)));
  return item;
}

function positionsText({ touches, decisions }) {
  const [first, last] = [touches[0], touches.at(-1)];
  if (touches.length === 1) return touchText(first.type, first.said);
  const long = last.at - first.at >= 60 ? ` over ${spanText(last.at - first.at)}` : "";
  const decided = decisions.length ? "the same decided each time" : "nothing to decide";
  return `phone told where they are ${number(touches.length)} times${long}, ${decided}`;
}

function timeButton(seconds) {
  const button = element("button", "at", timeText(seconds));
  button.type = "button";
  if (seconds < 0 || seconds > LENGTH) button.disabled = true;
  else {
    button.title = "show this instant on the map";
    button.addEventListener("click", () => seek(seconds));
  }
  return button;
}

/** The lines of one decision by journey: badge, sentence, reason. */
function whyOf(decision, at) {
  const box = element("div", "why");
  const later = decision.at - at >= 60 ? ` at ${timeText(decision.at)}` : "";
  const newer = decision.release > 1 ? `, by release ${decision.release} of the journeys` : "";
  if (later || newer) box.append(element("p", "", `decided${later}${newer}`));
  const list = element("ul");
  let journey = "";
  for (const line of decision.lines) {
    const { badge, colour, text: sentence } = line;
    const item = element("li");
    if (line.journey && line.journey !== journey && !sentence.includes(titleOf(line.journey))) item.append(element("small", "minor", `${titleOf(line.journey)}: `));
    journey = line.journey;
    const mark = element("span", `badge ${colour}`, badge);
    mark.title = [line.what, line.code, line.node].filter(Boolean).join(" · ");
    item.prepend(mark);
    item.append(sentence);
    if (line.code && !["exited", "chosen", "task_closed", "fact"].includes(line.what)) item.append(" ", element("code", "minor", line.code));
    if (line.why) item.append(element("span", `reason${/[()=<>]|\.\w/.test(line.why) ? " code" : ""}`, line.why));
    list.append(item);
  }
  box.append(list);
  return box;
}

function letterOf(message) {
  const letter = element("article", "letter");
  letter.append(element("b", "", message.title), element("pre", "", message.body));
  return letter;
}

/** Dims what is still to come at an instant, marks the last that came, and keeps it in sight while `follows`. */
function passTimeline(now, follows) {
  const passed = countUntil(shown.rows, now);
  if (passed === shown.passed) return;
  shown.rows.forEach(({ row }, index) => {
    row.classList.toggle("future", index >= passed);
    row.classList.toggle("now", index === passed - 1 && passed < shown.rows.length);
  });
  shown.passed = passed;
  if (!follows || !passed) return;
  const list = document.getElementById("timeline");
  const { row } = shown.rows[passed - 1];
  list.scrollTop = row.offsetTop + row.offsetHeight - list.clientHeight * 0.6;
}
