// Words: instants and touchpoints as people say them; what was decided is said by engine/why/sentences.py.

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

/** `20 h 05 min`, `3 d 4 h`: how long so many seconds are. */
function spanText(seconds) {
  const minutes = Math.round(seconds / 60);
  const [d, h, m] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  if (d) return h ? `${d} d ${h} h` : `${d} d`;
  if (h) return m ? `${h} h ${String(m).padStart(2, "0")} min` : `${h} h`;
  return `${m} min`;
}

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
