// Words: instants, touchpoints and the codes of a decision, as people say them.

const zoned = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: data.about.zone, ...options });
const formats = {};
const format = (name, options, seconds) => {
  formats[name] ??= zoned(options);
  return formats[name].format(data.about.morning_ms + seconds * 1000);
};
const timeText = (s) => format("time", { hour: "2-digit", minute: "2-digit" }, s);
const dayText = (s) => format("day", { weekday: "long", day: "numeric", month: "long", year: "numeric" }, s);
const weekdayText = (s) => format("weekday", { weekday: "short" }, s);
const clockText = (s) => `${weekdayText(s)} ${timeText(s)}`;
const number = (value) => value.toLocaleString("en-GB");
const secondsOf = (ms) => (ms - data.about.morning_ms) / 1000;

/** `20 h 05 min`, `3 d 4 h`: how long so many seconds are. */
function spanText(seconds) {
  const minutes = Math.round(seconds / 60);
  const [d, h, m] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  if (d) return h ? `${d} d ${h} h` : `${d} d`;
  if (h) return m ? `${h} h ${String(m).padStart(2, "0")} min` : `${h} h`;
  return `${m} min`;
}

/** An instant, with its date where it lies on another day than `from`. */
function untilText(ms, from) {
  const s = secondsOf(ms);
  const date = format("date", { weekday: "short", day: "numeric", month: "short" }, s);
  return dayText(s) === dayText(from) ? timeText(s) : `${date}, ${timeText(s)}`;
}

/** A reason of the engine, in which instants in ms become instants that people read. */
const reasonText = (why, at) => why.replace(/\b1[5-9]\d{11}\b/g, (ms) => untilText(Number(ms), at));

const plainValue = (value) => (value !== null && typeof value === "object" ? JSON.stringify(value) : String(value));
const pairs = (said) => Object.entries(said).map(([name, value]) => `${name} ${plainValue(value)}`).join(", ");
const money = (value) => (typeof value === "number" ? value.toFixed(2) : plainValue(value));
const storeName = (id) => data.map.stores.find((store) => store[0] === id)?.[1] ?? plainValue(id);

const TOUCHES = {
  "account.created": () => "opened an account",
  "customer.updated": (p) => `told about themselves: ${Object.keys(p.set ?? {}).join(", ")}`,
  "consent.changed": (p) => `${p.given ? "agreed to" : "refused"} ${plainValue(p.topic)} by ${plainValue(p.channel)}`,
  "app.opened": () => "opened the app",
  "page.viewed": (p) => `looked at the page ${plainValue(p.page)}`,
  "product.viewed": (p) => `looked at ${plainValue(p.product)}`,
  "basket.updated": (p) => `put ${plainValue(p.product)} into the basket, now ${plainValue(p.items)} for ${money(p.value)}`,
  "basket.emptied": () => "emptied the basket",
  "order.placed": (p) => `ordered for ${money(p.total)}`,
  "store.visited": (p) => `came into the store ${storeName(p.store)}`,
  "call.queued": (p) => `has waited on the phone for ${plainValue(p.waited_s)} s`,
  "call.answered": () => "was answered on the phone",
  "chat.started": () => "began a chat",
  "chat.answered": () => "was answered in the chat",
  "sms.received": (p) => `wrote by SMS: “${plainValue(p.text)}”`,
  "social.mentioned": (p) => `spoke of the shop in public: ${plainValue(p.mood)}`,
  "letter.scanned": (p) => `scanned the letter “${plainValue(p.letter)}”`,
  "message.opened": (p) => `opened the message ${plainValue(p.message)}`,
  "message.clicked": (p) => `clicked in the message ${plainValue(p.message)}`,
  "task.done": (p) => `an agent called back: ${plainValue(p.note)}`,
  "task.no_answer": (p) => `an agent called back, nobody answered: ${plainValue(p.note)}`,
};

function touchText(type, said) {
  if (Array.isArray(said)) return `phone told where they are, within ${said[2]} m`;
  if (Object.hasOwn(TOUCHES, type)) return TOUCHES[type](said || {});
  return said ? pairs(said) : type.replaceAll(".", " ");
}

const NOT_ENTERED = {
  late: "the event came too late to begin anything",
  where: "its condition did not hold",
  unless: "something spoke against it",
  live: "they are inside already",
  again: "they were inside, and may not come again yet",
  max_live: "they are inside as often as is allowed",
  key: "the key that tells one enrollment from another is absent",
  error: "its condition failed",
};
const NOT_WOKEN = { late: "it came too late", where: "its condition did not hold", foreign: "it is about another message" };
const NOT_GOAL = { where: "its condition did not hold", early: "it came too early", after: "it came too late" };
const RULES = {
  consent: "there is no consent",
  unreachable: "there is no address",
  erased: "the customer was erased",
  catching_up: "the engine is catching up",
};
const VOIDED = { exit: "the enrollment ended before it left", expired: "it would have come too late" };

const said = (table, code) => (Object.hasOwn(table, code) ? table[code] : code);

/** Each code of a trace's line: the word on its badge, the badge's colour, and the sentence. */
const LINES = {
  fact: (l) => ["noted", "", `Taken into the record: ${l.code.replaceAll("_", " ")}`],
  entered: (l) => ["entered", "go", `Entered ${l.title}${l.data.key ? ` for ${l.data.key}` : ""}`],
  not_entered: (l) => ["not entered", "", `Did not enter ${l.title}: ${said(NOT_ENTERED, l.code)}`],
  waited: (l) => ["waits", "", `Waits until ${untilText(l.data.until, l.at)}, for ${spanText(secondsOf(l.data.until) - l.at)}`],
  woke: (l) => ["goes on", "go", l.why ? "What was waited for came" : "The wait is over"],
  timed_out: () => ["timed out", "", "What was waited for did not come in time"],
  not_woken: (l) => ["waits on", "", `Goes on waiting: ${said(NOT_WOKEN, l.code)}`],
  chosen: (l) => ["chose", "go", l.code === "else" ? "None of the branches held: took the other" : `Took branch ${Number(l.code) + 1}`],
  set: (l) => ["set", "", l.code ? "Nothing was set" : `Set ${l.data.name} to ${plainValue(l.data.value)}`],
  tasked: (l) => ["task", "task", `Asked ${l.data.queue} for “${l.data.title}”, due ${untilText(l.data.until, l.at)}`],
  task_warned: (l) => ["task due", "task", `The task is due soon, at ${untilText(l.data.until, l.at)}`],
  task_closed: (l) => ["task ended", "task", `The task ended: ${l.code.replaceAll("_", " ")}${l.data.reason ? `, since ${l.data.reason}` : ""}`],
  held: (l) => ["held", "", `Held until ${untilText(l.data.until, l.at)}: ${said(RULES, l.code)}`],
  sent: (l) => ["sent", "good", `Sent ${l.data.message} by ${l.data.channel}`],
  refused: (l) => ["refused", "bad", `Refused to send ${l.data.message} by ${l.data.channel}: ${said(RULES, l.code)}`],
  voided: (l) => ["voided", "bad", `Took back what was on its way: ${said(VOIDED, l.code)}`],
  goal: (l) => ["goal", "good", `Reached the goal${l.data.revenue === undefined ? "" : `, worth ${money(l.data.revenue)}`}`],
  not_goal: (l) => ["no goal", "", `Not the goal: ${said(NOT_GOAL, l.code)}`],
  not_exited: (l) => ["stays", "", `Stays inside, the exit ${l.node} does not apply: ${l.code === "unless" ? "something spoke against it" : "its condition did not hold"}`],
  exited: (l) => ["left", l.code === "converted" ? "good" : "go", `Left ${l.title}: ${l.code.replaceAll("_", " ")}`],
  error: (l) => ["error", "bad", `Failed: ${l.code.replaceAll("_", " ")}`],
};

function lineWords(line) {
  const words = Object.hasOwn(LINES, line.what) ? LINES[line.what](line) : [line.what, "", pairs(line.data)];
  return { badge: words[0], colour: words[1], text: words[2] };
}
