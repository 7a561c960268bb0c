// People: the list with its search, and the choice of one, whose timeline is shown.

const MOST_LISTED = 60;
const picked = { person: null, filter: "all" };
const plain = (words) => words.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");

function listPeople() {
  const wanted = plain(document.getElementById("search").value.trim());
  const found = ranked.filter((person) => plain(`${person.name} ${person.id}`).includes(wanted));
  const list = document.getElementById("people");
  list.replaceChildren(...found.slice(0, MOST_LISTED).map(listed));
  if (!found.length) list.append(element("li", "none", "nobody of that name lives here"));
  if (found.length > MOST_LISTED) list.append(element("li", "none", `and ${number(found.length - MOST_LISTED)} more; search by name`));
}

function listed(person) {
  const item = element("li");
  const button = element("button", "", person.name);
  button.type = "button";
  button.dataset.person = person.id;
  if (person === picked.person) button.setAttribute("aria-current", "true");
  button.append(element("small", "", `${counted(person.decisions.length, "decision")}, ${counted(person.messages.length, "message")}`));
  button.addEventListener("click", () => choose(person));
  item.append(button);
  return item;
}

const counted = (count, what) => `${number(count)} ${what}${count === 1 ? "" : "s"}`;

/** Shows a person's timeline, and where they are. */
function choose(person) {
  picked.person = person;
  for (const button of document.querySelectorAll("#people button")) {
    if (button.dataset.person === person.id) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
  const who = document.getElementById("who");
  who.textContent = person.name;
  who.append(" ", element("small", "", person.id));
  document.getElementById("who-counts").textContent = [
    counted(person.touches.length, "touchpoint"), counted(person.decisions.length, "decision"),
    counted(person.messages.length, "message"), counted(person.tasks.length, "task"),
  ].join(", ");
  showTimeline();
  seek(clock.now);
}

function setUpPeople() {
  document.getElementById("search").addEventListener("input", listPeople);
  for (const button of document.querySelectorAll("[data-filter]")) {
    button.addEventListener("click", () => {
      picked.filter = button.dataset.filter;
      for (const each of document.querySelectorAll("[data-filter]")) each.setAttribute("aria-pressed", String(each === button));
      showTimeline();
      seek(clock.now);
    });
  }
  listPeople();
}
