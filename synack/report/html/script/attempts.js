// The table of attempts: what is asked for, in which order, a page of it at a time.

const PAGE = 50;

const LEGS = [["syn", "SYN"], ["syn_ack", "SYN-ACK"], ["ack", "ACK"]];

// Searched by words; with "client:192.0.2.7" only there, and the whole of it.
const FIELDS = {
  client: ["client", "client_host"],
  server: ["server", "server_host"],
  outcome: ["outcome"],
  reason: ["reason"],
  path: ["path", "vanished"],
};

class AttemptsTable {
  constructor(attempts, place, open) {
    this.attempts = attempts;
    this.open = open;
    this.body = place.querySelector("tbody");
    this.status = place.querySelector("[role=status]");
    this.query = place.querySelector("input[type=search]");
    this.chips = [...place.querySelectorAll("[data-outcome]")];
    this.heads = [...place.querySelectorAll("th[data-sort]")];
    this.turns = [...place.querySelectorAll("[data-turn]")];
    this.sort = { by: "row", down: false };
    this.page = 0;
    this.ranks = new Map();
    this.query.addEventListener("input", () => this.select());
    for (const chip of this.chips) chip.addEventListener("click", () => this.press(chip));
    for (const head of this.heads) {
      head.firstElementChild.addEventListener("click", () => this.order(head.dataset.sort));
    }
    for (const turn of this.turns) turn.addEventListener("click", () => this.turn(turn));
    this.select();
  }

  ask(query) {
    this.query.value = query;
    for (const chip of this.chips) chip.setAttribute("aria-pressed", "false");
    this.select();
  }

  press(chip) {
    const pressed = chip.getAttribute("aria-pressed") === "true";
    chip.setAttribute("aria-pressed", String(!pressed));
    this.select();
  }

  // ---- which

  select() {
    const { length, columns } = this.attempts;
    const wanted = new Uint8Array(length).fill(1);
    const outcomes = new Set(
      this.chips.filter((chip) => chip.getAttribute("aria-pressed") === "true")
        .map((chip) => chip.dataset.outcome),
    );
    if (outcomes.size) {
      const hit = this.attempts.texts.outcome.map((text) => outcomes.has(text));
      for (let row = 0; row < length; row += 1) wanted[row] &= hit[columns.outcome[row]];
    }
    for (const word of this.query.value.toLowerCase().split(/\s+/).filter(Boolean)) {
      const found = this.having(word);
      for (let row = 0; row < length; row += 1) wanted[row] &= found[row];
    }
    const rows = [];
    for (let row = 0; row < length; row += 1) if (wanted[row]) rows.push(row);
    this.rows = rows;
    this.sorted();
  }

  // Which attempts have a word.
  having(word) {
    const found = new Uint8Array(this.attempts.length);
    const [, field, value] = /^(\w+):(.+)$/.exec(word) ?? [];
    if (field === "finding") return this.numbered("finding", Number(value) - 1, found);
    if (field === "attempt") return this.numbered("row", Number(value), found);
    if (field === "port") {
      this.numbered("client_port", Number(value), found);
      return this.numbered("server_port", Number(value), found);
    }
    if (field in FIELDS) {
      for (const name of FIELDS[field]) this.texted(name, (text) => text === value, found);
      return found;
    }
    for (const name of Object.values(FIELDS).flat()) {
      this.texted(name, (text) => text.includes(word), found);
    }
    if (/^\d+$/.test(word)) {
      this.numbered("client_port", Number(word), found);
      this.numbered("server_port", Number(word), found);
    }
    return found;
  }

  texted(name, fits, found) {
    const column = this.attempts.columns[name];
    const hit = this.attempts.texts[name].map((text) => fits(text.toLowerCase()));
    if (hit.includes(true)) {
      for (let row = 0; row < column.length; row += 1) if (hit[column[row]]) found[row] = 1;
    }
    return found;
  }

  numbered(name, value, found) {
    const column = this.attempts.columns[name];
    for (let row = 0; row < column.length; row += 1) if (column[row] === value) found[row] = 1;
    return found;
  }

  // ---- in which order

  order(by) {
    this.sort = { by, down: this.sort.by === by && !this.sort.down };
    for (const head of this.heads) {
      const mine = head.dataset.sort === by;
      if (mine) head.setAttribute("aria-sort", this.sort.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    this.sorted();
  }

  sorted() {
    const rank = this.rank(this.sort.by);
    const sign = this.sort.down ? -1 : 1;
    this.rows.sort((one, other) => sign * (rank[one] - rank[other]) || one - other);
    this.page = 0;
    this.show();
  }

  // A number for each attempt, by which a column sorts; what is missing comes first.
  rank(by) {
    let rank = this.ranks.get(by);
    if (rank) return rank;
    const column = this.attempts.columns[by];
    const texts = this.attempts.texts[by];
    if (texts) {
      const { compare } = new Intl.Collator("en", { numeric: true });
      const order = [...texts.keys()].sort((one, other) => compare(texts[one], texts[other]));
      const places = new Float64Array(order.length);
      order.forEach((place, position) => { places[place] = position + 1; });
      const port = this.attempts.columns[`${by}_port`];
      rank = Float64Array.from(column, (place, row) =>
        (places[place] ?? 0) * 65536 + (port ? port[row] : 0));
    } else if (column instanceof BigInt64Array) {
      const since = column.find((time) => time !== NO_TIME) ?? 0n;
      rank = Float64Array.from(column, (time) => (time === NO_TIME ? -Infinity : Number(time - since)));
    } else rank = column;
    this.ranks.set(by, rank);
    return rank;
  }

  // ---- a page of them

  turn(button) {
    const last = Math.max(Math.ceil(this.rows.length / PAGE) - 1, 0);
    const to = { first: 0, back: this.page - 1, on: this.page + 1, last }[button.dataset.turn];
    this.page = Math.min(Math.max(to, 0), last);
    this.show();
  }

  show() {
    const from = this.page * PAGE;
    const shown = this.rows.slice(from, from + PAGE);
    this.body.replaceChildren(...shown.map((at) => this.line(at)));
    const many = this.rows.length.toLocaleString("en");
    const range = `${(from + 1).toLocaleString("en")} to ${(from + shown.length).toLocaleString("en")}`;
    this.status.textContent = shown.length ? `${range} of ${many}` : "No attempt fits";
    for (const turn of this.turns) {
      const back = ["first", "back"].includes(turn.dataset.turn);
      turn.disabled = back ? from === 0 : from + PAGE >= this.rows.length;
    }
  }

  line(at) {
    const a = this.attempts;
    const finding = a.number("finding", at);
    const rtt = a.number("rtt_ns", at);
    const outcome = a.text("outcome", at);
    const open = made("button.link", { type: "button", "data-attempt": a.number("row", at) },
      String(a.number("row", at)));
    open.setAttribute("aria-label", `Attempt ${open.textContent}: open its ladder`);
    const cells = [
      made("td.number", {}, open),
      made("td", { title: `${shownTime(a.begin(at), true)} UTC` }, shownTime(a.begin(at))),
      this.end("client", at),
      this.end("server", at),
      made("td", {}, made(`span.outcome`, { "data-is": outcome }, outcome)),
      ...LEGS.map(([leg]) => this.leg(leg, at)),
      made("td.number", {}, a.number("retransmissions", at) || "-"),
      made("td.number", {}, rtt === null ? "-" : shownSpan(rtt)),
      made("td", {}, finding === null ? "-" : made("a", { href: `#finding-${finding + 1}` },
        `${finding + 1}`)),
    ];
    const line = made("tr", { click: (event) => {
      if (!event.target.closest("a")) this.open(at);
    } }, ...cells);
    return line;
  }

  end(name, at) {
    const host = this.attempts.text(`${name}_host`, at);
    const cell = made("td", {}, made("code", {}, this.attempts.endpoint(name, at)));
    if (host) cell.append(" ", made("span.host", {}, host));
    return cell;
  }

  // 6→0: what was sent and what arrived; a dash where nobody could see.
  leg(name, at) {
    const [sent, received] = ["sent", "received"].map((of) => {
      const number = this.attempts.number(`${name}_${of}`, at);
      return number === null ? "-" : String(number);
    });
    if (sent === "-" && received === "-") return made("td.number", {}, "-");
    const short = sent !== "-" && received !== "-" && Number(received) < Number(sent);
    return made(short ? "td.number.short" : "td.number", {}, `${sent} → ${received}`);
  }
}
