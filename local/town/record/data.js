// Data: what Python wrote (local/town/record/content.py), by name and person instead of by number.

const data = JSON.parse(document.getElementById("data").textContent);
const LENGTH = data.about.length_s;
const text = (index) => data.texts[index];
const titleOf = (journey) => (Object.hasOwn(data.titles, journey) && data.titles[journey]) || journey;

const people = data.people.map(([id, name, x, y], n) => ({
  n, id, name, home: { x, y }, messages: [], tasks: [], walks: [],
  touches: data.touches[n].map(([at, type, channel, told]) => ({ at, type: text(type), channel: text(channel), said: told })),
  decisions: data.decisions[n].map(([at, cause, release, lines]) => ({ at, cause, release, lines: lines.map((line) => lineOf(line, at)) })),
}));
const byId = new Map(people.map((person) => [person.id, person]));

function lineOf([what, journey, enrollment, node, code, why, short, tone, told], at) {
  const name = text(journey);
  return {
    what: text(what), journey: name, enrollment, node: text(node), code: text(code),
    why: text(why), badge: text(short), colour: text(tone), text: text(told), at,
  };
}

const messages = data.messages.map(([at, who, channel, title, body, x, y]) => {
  const message = { at, person: people[who], channel: text(channel), title, body, x, y };
  message.person.messages.push(message);
  return message;
});
const tasks = data.tasks.map(([at, ended, due, who, state, title, queue]) => {
  const task = { at, ended: ended ?? Infinity, due, person: people[who], state: text(state), title: text(title), queue: text(queue) };
  task.person.tasks.push(task);
  return task;
});

/** What the strip under the map tells: the decisions that did something, in the order of time. */
const TOLD = new Set(["sent", "refused", "voided", "tasked", "goal", "error"]);
const news = people
  .flatMap((person) => person.decisions.flatMap((decision) => decision.lines.filter((line) => TOLD.has(line.what)).map((line) => ({ at: decision.at, person, line }))))
  .sort((one, other) => one.at - other.at);

/** How much goes on with a person: those with the most come first. */
const weight = (person) => person.decisions.reduce((sum, each) => sum + each.lines.length, 0) + 3 * person.messages.length + 4 * person.tasks.length;
const ranked = people.map((person) => [weight(person), person]).sort((one, other) => other[0] - one[0] || one[1].n - other[1].n).map(([, person]) => person);

/** How many of `sorted` (by `at`) lie at or before an instant. */
function countUntil(sorted, at) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle].at <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** An element with a class and a text, which is never markup. */
function element(tag, className = "", words = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (words !== "") made.textContent = words;
  return made;
}
