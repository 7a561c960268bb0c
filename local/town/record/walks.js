// Walks: where everybody is at any instant, along the streets between the moments that were recorded.

const crossings = data.map.crossings.map(([x, y]) => ({ x, y }));
const neighbours = crossings.map(() => []);
for (const [one, other] of data.map.streets) {
  neighbours[one].push(other);
  neighbours[other].push(one);
}
const far = (one, other) => Math.hypot(one.x - other.x, one.y - other.y);
const walkable = crossings.map((_, index) => index).filter((index) => neighbours[index].length);
const towards = new Map();

function nearest(point) {
  return walkable.reduce((best, index) => (far(crossings[index], point) < far(crossings[best], point) ? index : best), walkable[0]);
}

/** From each crossing the next one on the shortest way to `goal`, worked out once for each goal. */
function nextTo(goal) {
  if (!towards.has(goal)) {
    const next = [];
    const best = crossings.map(() => Infinity);
    const open = new Set([goal]);
    best[goal] = 0;
    while (open.size) {
      const here = [...open].reduce((a, b) => (best[b] < best[a] ? b : a));
      open.delete(here);
      for (const other of neighbours[here]) {
        const further = best[here] + far(crossings[here], crossings[other]);
        if (further < best[other]) {
          best[other] = further;
          next[other] = here;
          open.add(other);
        }
      }
    }
    towards.set(goal, next);
  }
  return towards.get(goal);
}

const SLACK_M = 4;
const liesOn = (point, one, other) => far(one, point) + far(point, other) - far(one, other) < SLACK_M;

/** The corners of the way from one point to another along the streets, both ends included. */
function wayBetween(from, to) {
  if (far(from, to) < 1) return [from, to];
  const goal = nearest(to);
  const next = nextTo(goal);
  const way = [from];
  for (let here = nearest(from); ; here = next[here]) {
    way.push(crossings[here]);
    if (here === goal || next[here] === undefined) break;
  }
  way.push(to);
  // Nobody walks on to a crossing only to turn round there.
  for (let index = 1; index < way.length - 1; ) {
    const [before, corner, after] = [way[index - 1], way[index], way[index + 1]];
    if (liesOn(before, corner, after) || liesOn(after, before, corner)) {
      way.splice(index, 1);
      index = Math.max(1, index - 1);
    } else index += 1;
  }
  return way;
}

function goOn(walk, to, at) {
  const last = walk.at(-1);
  const way = wayBetween(last, to);
  const whole = way.slice(1).reduce((sum, point, index) => sum + far(way[index], point), 0);
  let gone = 0;
  for (let index = 1; index < way.length; index += 1) {
    gone += far(way[index - 1], way[index]);
    walk.push({ at: whole ? last.at + ((at - last.at) * gone) / whole : at, x: way[index].x, y: way[index].y });
  }
}

/** Walks begin and end at home, between two moments of which only one saw them. */
function learnWalks() {
  const out = new Map();
  let before = 0;
  for (const [at, seen] of data.frames) {
    const here = new Set();
    for (let index = 0; index < seen.length; index += 3) {
      const person = people[seen[index]];
      here.add(person);
      if (!out.has(person)) out.set(person, [{ at: before, ...person.home }]);
      goOn(out.get(person), { x: seen[index + 1], y: seen[index + 2] }, at);
    }
    for (const [person, walk] of out) {
      if (!here.has(person)) {
        goOn(walk, person.home, at);
        person.walks.push(walk);
        out.delete(person);
      }
    }
    before = at;
  }
  for (const [person, walk] of out) person.walks.push(walk);
}
learnWalks();

const walkAt = (person, at) => person.walks.find((walk) => walk[0].at <= at && at <= walk.at(-1).at);

/** Where a person is; `walking` says whether on the way or at home. */
function placeOf(person, at) {
  const walk = walkAt(person, at);
  return walk ? { walking: true, ...between(walk, at) } : { walking: false, ...person.home };
}

function between(points, at) {
  const index = Math.min(points.length - 1, Math.max(1, countUntil(points, at)));
  if (points.length < 2) return points[0];
  const [one, other] = [points[index - 1], points[index]];
  const part = other.at > one.at ? Math.min(1, Math.max(0, (at - one.at) / (other.at - one.at))) : 1;
  return { x: one.x + (other.x - one.x) * part, y: one.y + (other.y - one.y) * part };
}

const clouds = data.clouds.map(({ until, seen }) => ({
  until,
  seen: seen.map(([at, x, y, radius, raining]) => ({ at, x, y, radius, raining: raining === 1 })),
}));

/** The clouds of an instant, where they have drifted to. */
function cloudsAt(at) {
  return clouds
    .filter((cloud) => cloud.seen[0].at <= at && at <= cloud.until)
    .map((cloud) => {
      const last = cloud.seen[Math.max(0, countUntil(cloud.seen, at) - 1)];
      return { ...between(cloud.seen, at), radius: last.radius, raining: last.raining };
    });
}
