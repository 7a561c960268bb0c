// The map: a canvas with the town beneath, and who and what moves on it at an instant.

const canvas = document.getElementById("map");
const RIPPLE_S = 45 * 60;
const ground = document.createElement("canvas");
const names = document.createElement("canvas");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const view = { width: 0, height: 0, dots: 1, scale: 1, left: 0, top: 0, colours: {} };
const COLOURS = [
  "land", "street", "street-edge", "river", "bank", "district", "store", "store-ink", "halo", "home", "walker", "cloud",
  "drop", "night", "email", "push", "task", "chosen", "ink",
];
const byTime = messages.filter((message) => message.at >= 0);

function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of COLOURS) view.colours[name] = style.getPropertyValue(`--${name}`).trim();
  view.dark = matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Metres to pixels of the page; north is up. */
const at = (point) => ({ x: view.left + point.x * view.scale, y: view.top + (data.map.size[1] - point.y) * view.scale });

/** Fits the canvas to its frame, in the dots of the screen, and draws what never moves anew. */
function fitMap() {
  const frame = canvas.parentElement.getBoundingClientRect();
  const [across, up] = data.map.size;
  Object.assign(view, { width: frame.width, height: frame.height, dots: window.devicePixelRatio || 1 });
  // The town fills the frame; what does not fit is only its rim.
  view.scale = Math.min(Math.max(view.width / across, view.height / up), Math.min(view.width / across, view.height / up) * 1.08);
  view.left = (view.width - across * view.scale) / 2;
  view.top = (view.height - up * view.scale) / 2;
  for (const each of [canvas, ground, names]) {
    each.width = Math.round(view.width * view.dots);
    each.height = Math.round(view.height * view.dots);
  }
  readColours();
  drawGround(brush(ground));
  drawNames(brush(names));
}

function brush(of) {
  const pen = of.getContext("2d");
  pen.setTransform(view.dots, 0, 0, view.dots, 0, 0);
  pen.clearRect(0, 0, view.width, view.height);
  pen.lineCap = pen.lineJoin = "round";
  return pen;
}

function trace(pen, points) {
  pen.beginPath();
  points.forEach((point, index) => {
    const { x, y } = at(point);
    if (index) pen.lineTo(x, y);
    else pen.moveTo(x, y);
  });
}

function drawGround(pen) {
  const { colours, scale } = view;
  pen.fillStyle = colours.land;
  pen.fillRect(0, 0, view.width, view.height);
  const course = data.map.river.map(([x, y]) => ({ x, y }));
  const [first, last] = [course[0], course.at(-1)];
  const river = [{ x: first.x - 4000, y: first.y }, ...course, { x: last.x + 4000, y: last.y }];
  for (const [colour, wider] of [[colours.bank, 5], [colours.river, 0]]) {
    trace(pen, river);
    pen.strokeStyle = colour;
    pen.lineWidth = data.map.river_width * scale + wider;
    pen.stroke();
  }
  const width = Math.max(1.6, 26 * scale);
  for (const [colour, wider] of [[colours["street-edge"], 1.6], [colours.street, 0]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = width + wider;
    for (const [one, other] of data.map.streets) {
      trace(pen, [crossings[one], crossings[other]]);
      pen.stroke();
    }
  }
}

/** Stores with their names, and those of districts where they have room. */
function drawNames(pen) {
  const small = view.width < 520;
  const side = small ? 6 : 9;
  const taken = [];
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.font = `600 ${small ? 10 : 12.5}px ${font()}`;
  for (const [, name, x, y] of data.map.stores) {
    const spot = at({ x, y });
    pen.fillStyle = view.colours.halo;
    pen.fillRect(spot.x - side / 2 - 2, spot.y - side / 2 - 2, side + 4, side + 4);
    pen.fillStyle = view.colours.store;
    pen.fillRect(spot.x - side / 2, spot.y - side / 2, side, side);
    writeName(pen, name, spot.x, spot.y + side + (small ? 4 : 6), "store-ink");
    taken.push({ x: spot.x, y: spot.y + side, wide: pen.measureText(name).width / 2 + 8, tall: side + 12 });
  }
  if (small) return;
  pen.font = `600 ${Math.max(10, 12 * Math.min(1.2, view.width / 900))}px ${font()}`;
  if ("letterSpacing" in pen) pen.letterSpacing = "2px";
  for (const [name, x, y] of data.map.districts) {
    const words = name.toUpperCase();
    const spot = at({ x, y });
    const half = pen.measureText(words).width / 2;
    const free = (down) => taken.every((box) => Math.abs(box.x - spot.x) > box.wide + half || Math.abs(box.y - spot.y - down) > box.tall + 7);
    const down = [0, -26, 26, -46, 46, -70, 70].find(free);
    if (down !== undefined) writeName(pen, words, spot.x, spot.y + down, "district");
  }
  if ("letterSpacing" in pen) pen.letterSpacing = "0px";
}

function writeName(pen, words, x, y, colour) {
  pen.strokeStyle = view.colours.halo;
  pen.lineWidth = 4;
  pen.strokeText(words, x, y);
  pen.fillStyle = view.colours[colour];
  pen.fillText(words, x, y);
}

const font = () => getComputedStyle(document.body).fontFamily;

/** How dark it is in the town, 0 to 1. */
function darkness(now) {
  const hour = minuteOfDay(now) / 60;
  const light = Math.min(1, Math.max(0, (hour - 6) / 2.5)) * Math.min(1, Math.max(0, (21.5 - hour) / 3));
  return 1 - light;
}

function minuteOfDay(now) {
  const [hour, minute] = timeText(now).split(":").map(Number);
  return hour * 60 + minute;
}

function drawMap(now, chosen) {
  if (!view.width) return;
  const pen = brush(canvas);
  const { colours } = view;
  pen.drawImage(ground, 0, 0, view.width, view.height);
  const night = darkness(now) * (view.dark ? 0.4 : 0.2);
  if (night) {
    pen.globalAlpha = night;
    pen.fillStyle = colours.night;
    pen.fillRect(0, 0, view.width, view.height);
    pen.globalAlpha = 1;
  }
  for (const cloud of cloudsAt(now)) drawCloud(pen, cloud);
  if (chosen) drawTrail(pen, chosen, now);
  const crowd = drawPeople(pen, now);
  pen.drawImage(names, 0, 0, view.width, view.height);
  drawTasks(pen, now);
  drawRipples(pen, now);
  if (chosen) drawChosen(pen, chosen, now);
  canvas.dataset.walking = crowd;
  canvas.setAttribute("aria-label", `Map of the town on ${clockText(now)}: ${crowd} people walk, ${cloudsAt(now).filter((cloud) => cloud.raining).length} clouds rain`);
}

function drawCloud(pen, cloud) {
  const { x, y } = at(cloud);
  const radius = cloud.radius * view.scale;
  const { colours } = view;
  pen.save();
  const shade = pen.createRadialGradient(x, y, radius * 0.2, x, y, radius);
  const strength = cloud.raining ? "66" : "2b";
  shade.addColorStop(0, `${colours.cloud}${strength}`);
  shade.addColorStop(0.75, `${colours.cloud}${cloud.raining ? "4d" : "1c"}`);
  shade.addColorStop(1, `${colours.cloud}00`);
  pen.fillStyle = shade;
  circle(pen, x, y, radius);
  pen.fill();
  if (cloud.raining) {
    pen.clip();
    pen.strokeStyle = colours.drop;
    pen.lineWidth = 1.1;
    pen.globalAlpha = 0.55;
    const fallen = still.matches ? 0 : performance.now() / 900;
    pen.beginPath();
    const drops = Math.round(Math.min(150, (radius * radius) / 55));
    for (let drop = 0; drop < drops; drop += 1) {
      const across = ((drop * 0.61803) % 1) * 2 - 1;
      const down = (((drop * 0.7549 + fallen) % 1) + 1) % 1 * 2 - 1;
      if (across * across + down * down > 0.92) continue;
      pen.moveTo(x + across * radius, y + down * radius);
      pen.lineTo(x + across * radius - 1.8, y + down * radius + 6);
    }
    pen.stroke();
  }
  pen.restore();
}

function circle(pen, x, y, radius) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
}

/** Who is at home is a faint dot, who walks a bright one; gives how many walk. */
function drawPeople(pen, now) {
  const { colours, width } = view;
  const size = width < 520 ? 2.6 : 4;
  const walking = [];
  pen.fillStyle = colours.home;
  for (const person of people) {
    const place = placeOf(person, now);
    const spot = at(place);
    if (place.walking) walking.push(spot);
    else {
      circle(pen, spot.x, spot.y, size * 0.4);
      pen.fill();
    }
  }
  pen.fillStyle = colours.walker;
  pen.strokeStyle = colours.halo;
  pen.lineWidth = 1.5;
  for (const { x, y } of walking) {
    circle(pen, x, y, size);
    pen.fill();
    pen.stroke();
  }
  return walking.length;
}

function drawRipples(pen, now) {
  const widest = Math.max(16, view.width / 26);
  for (let index = countUntil(byTime, now) - 1; index >= 0 && byTime[index].at > now - RIPPLE_S; index -= 1) {
    const message = byTime[index];
    const age = (now - message.at) / RIPPLE_S;
    const { x, y } = at(message);
    pen.strokeStyle = pen.fillStyle = view.colours[message.channel] || view.colours.ink;
    for (const [lag, heavy] of [[0, 2.4], [0.22, 1.4]]) {
      if (age < lag) continue;
      pen.globalAlpha = (1 - age) * 0.95;
      pen.lineWidth = heavy;
      circle(pen, x, y, 4 + (age - lag) * widest);
      pen.stroke();
    }
    pen.globalAlpha = 1 - age * 0.75;
    circle(pen, x, y, 3.6);
    pen.fill();
    pen.globalAlpha = 1;
  }
}

/** A diamond above whom an agent shall call, until the task ends; smaller afterwards, and gone. */
function drawTasks(pen, now) {
  for (const task of tasks) {
    if (task.at > now || now > task.ended + RIPPLE_S / 2) continue;
    const { x, y } = at(placeOf(task.person, now));
    const size = now > task.ended ? 6 * (1 - (now - task.ended) / (RIPPLE_S / 2)) : 6;
    pen.fillStyle = view.colours.task;
    pen.strokeStyle = view.colours.halo;
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.moveTo(x, y - 9 - size);
    pen.lineTo(x + size, y - 9);
    pen.lineTo(x, y - 9 + size);
    pen.lineTo(x - size, y - 9);
    pen.closePath();
    pen.fill();
    pen.stroke();
  }
}

function drawTrail(pen, person, now) {
  const walk = walkAt(person, now);
  if (!walk) return;
  trace(pen, [...walk.slice(0, countUntil(walk, now)), placeOf(person, now)]);
  pen.strokeStyle = view.colours.chosen;
  pen.lineWidth = 2.5;
  pen.globalAlpha = 0.55;
  pen.stroke();
  pen.globalAlpha = 1;
}

function drawChosen(pen, person, now) {
  const { colours } = view;
  const { x, y } = at(placeOf(person, now));
  circle(pen, x, y, 8.5);
  pen.strokeStyle = colours.halo;
  pen.lineWidth = 5;
  pen.stroke();
  pen.strokeStyle = colours.chosen;
  pen.lineWidth = 2.5;
  pen.stroke();
  pen.font = `700 13px ${font()}`;
  pen.textAlign = x > view.width - 90 ? "right" : "left";
  pen.textBaseline = "middle";
  const side = pen.textAlign === "right" ? -14 : 14;
  pen.strokeStyle = colours.halo;
  pen.lineWidth = 4;
  pen.strokeText(person.name, x + side, y);
  pen.fillStyle = colours.chosen;
  pen.fillText(person.name, x + side, y);
}

/** The person at a spot of the canvas, those who walk before those at home; undefined where nobody is near. */
function personAt(x, y, now) {
  let [best, least] = [undefined, 16];
  for (const person of people) {
    const place = placeOf(person, now);
    const spot = at(place);
    const away = Math.hypot(spot.x - x, spot.y - y) + (place.walking ? 0 : 7);
    if (away < least) [best, least] = [person, away];
  }
  return best;
}
