// The page: theme, copying, and the window with the ladder.

const SCHEMES = ["light dark", "light", "dark"];
const SCHEME_NAMES = { "light dark": "as the system", light: "light", dark: "dark" };

function themed(button) {
  let scheme = 0;
  button.addEventListener("click", () => {
    scheme = (scheme + 1) % SCHEMES.length;
    document.documentElement.style.colorScheme = SCHEMES[scheme];
    button.textContent = `Theme: ${SCHEME_NAMES[SCHEMES[scheme]]}`;
  });
}

async function copy(button) {
  const text = button.dataset.copy;
  const said = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    // Without the right to write: selected, for Ctrl-C.
    const code = button.parentElement.querySelector("code");
    if (code) getSelection().selectAllChildren(code);
    button.textContent = "Press Ctrl-C";
  }
  setTimeout(() => { button.textContent = said; }, 1500);
}

class Viewer {
  constructor(attempts, dialog) {
    this.attempts = attempts;
    this.dialog = dialog;
    this.body = dialog.querySelector("[data-body]");
    this.title = dialog.querySelector("h2");
    dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
    for (const [name, step] of [["previous", -1], ["next", 1]]) {
      dialog.querySelector(`[data-${name}]`).addEventListener("click", () => this.step(step));
    }
    dialog.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step && !event.target.closest("[tabindex]")) this.step(step);
    });
    dialog.addEventListener("close", () => {
      history.replaceState(null, "", `${location.pathname}${location.search}#attempts`);
      document.querySelector(`[data-attempt="${this.row}"]`)?.focus();
    });
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  }

  open(at) {
    const a = this.attempts;
    const ladder = new DrawnLadder(a, at);
    this.at = at;
    this.row = a.number("row", at);
    this.title.textContent = `Attempt ${this.row}`;
    this.body.replaceChildren(...this.content(ladder, at));
    history.replaceState(null, "", `#attempt-${this.row}`);
    if (!this.dialog.open) this.dialog.showModal();
    this.dialog.scrollTop = 0;
  }

  step(by) {
    const { rows } = this.list;
    const place = rows.indexOf(this.at) + by;
    if (place >= 0 && place < rows.length) this.open(rows[place]);
  }

  content(ladder, at) {
    const a = this.attempts;
    const outcome = a.text("outcome", at);
    const facts = [
      ["Begin", `${shownTime(a.begin(at), true)} UTC`],
      ["Way", a.text("path", at)],
      ["Vanished", a.text("vanished", at)],
      ["Why", a.text("reason", at)],
      ["Behind NAT", this.translated(at)],
      ["Clocks", ladder.doubt === null ? "one host only"
        : `both on one, ${a.text("clock", at) || "unnamed"}'s, give or take ${shownSpan(ladder.doubt)}`],
    ].filter(([, value]) => value);
    const scroll = made("div.scroll", { tabindex: 0, role: "region", "aria-label": "Ladder" },
      ladder.drawing());
    const words = made("div.scroll", { tabindex: 0, role: "region", "aria-label": "Segments" },
      ladder.table());
    const filters = ladder.filters().map(([where, filter]) => made("li", {},
      made("span.file", {}, where), " ", made("code", {}, filter), " ",
      made("button.copy", { type: "button", "data-copy": filter,
        "aria-label": `Copy the filter for ${where}` }, "Copy")));
    return [
      made("p.ends", {}, made("code", {}, a.endpoint("client", at)), " to ",
        made("code", {}, a.endpoint("server", at)), " ",
        made("span.outcome", { "data-is": outcome }, outcome)),
      made("dl.inline", {}, ...facts.flatMap(([label, value]) =>
        [made("dt", {}, label), made("dd", {}, value)])),
      scroll,
      made("h3", {}, "Segments"), words,
      made("h3", {}, "In Wireshark"), made("ul.filters", {}, ...filters),
    ];
  }

  translated(at) {
    const a = this.attempts;
    if (!a.text("translated_client", at)) return "";
    return `the server sees ${a.endpoint("translated_client", at)} to`
      + ` ${a.endpoint("translated_server", at)}`;
  }
}

async function started() {
  themed(document.getElementById("theme"));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });
  // Paper has nothing to unfold.
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
  const place = document.getElementById("attempts");
  if (place) await shown(place);
  document.documentElement.dataset.ready = "";
}

async function shown(place) {
  const attempts = new Attempts(await unpacked());
  const viewer = new Viewer(attempts, document.querySelector("dialog"));
  const table = new AttemptsTable(attempts, place, (at) => viewer.open(at));
  viewer.list = table;
  document.addEventListener("click", (event) => {
    const asking = event.target.closest("[data-ask]");
    if (asking) {
      table.ask(asking.dataset.ask);
      place.scrollIntoView();
      table.query.focus({ preventScroll: true });
    }
    const opening = event.target.closest("[data-open]");
    if (opening) viewer.open(attempts.at(Number(opening.dataset.open)));
  });
  const linked = /^#attempt-(\d+)$/.exec(location.hash);
  const at = linked ? attempts.at(Number(linked[1])) : -1;
  if (at >= 0) viewer.open(at);
}

started();
