// The ladder of one attempt: all that was sent in it, what each place saw of it, in words too.

class Ladder {
  constructor(attempts, at) {
    this.attempts = attempts;
    this.at = at;
    const [begin, end] = [attempts.firstRung[at], attempts.firstRung[at + 1]];
    this.rungs = [];
    for (let place = begin; place < end; place += 1) {
      this.rungs.push({
        name: attempts.text("rung_name", place),
        number: attempts.number("rung_number", place),
        of: attempts.number("rung_of", place),
        fromClient: attempts.text("rung_sender", place) === "client",
        fate: attempts.text("rung_fate", place),
        reason: attempts.text("rung_reason", place),
        doubt: attempts.number("rung_clock_doubt_ns", place),
        after: attempts.text("rung_vanished_after", place),
        before: attempts.text("rung_vanished_before", place),
        sent: this.seen("rung_sent", place),
        arrived: this.seen("rung_arrived", place),
        taps: [],
      });
    }
    const passed = attempts.columns.passed_rung;
    for (let place = lowest(passed, begin); passed[place] < end; place += 1) {
      const tap = { ...this.seen("passed", place), capture: attempts.text("passed_capture", place) };
      this.rungs[passed[place] - begin].taps.push(tap);
    }
    this.place();
    const doubts = this.rungs.map((rung) => rung.doubt).filter((doubt) => doubt !== null);
    this.doubt = doubts.length ? Math.max(...doubts) : null;
    this.stale = attempts.stale_macs[attempts.columns.finding[at]] || null;
  }

  // One segment in one capture; null where it was not seen. "at": ns since the attempt began.
  seen(where, place) {
    const a = this.attempts;
    const frame = a.number(`${where}_frame`, place);
    if (frame === null) return null;
    return {
      frame,
      file: a.text(`${where}_file`, place),
      at: a.time(`${where}_at`, place),
      source: a.text(`${where}_src_mac`, place),
      target: a.text(`${where}_dst_mac`, place),
    };
  }

  // "drawn": when to draw each segment. By the clocks one may have arrived before it left, within
  // their doubt; and two at one time of one place stand one below the other.
  place() {
    const taken = new Set();
    for (const { fromClient, sent, taps, arrived } of this.rungs) {
      let latest = -Infinity;
      const way = [[fromClient, sent], ...taps.map((tap) => [tap.capture, tap]), [!fromClient, arrived]];
      for (const [end, seen] of way.filter((stop) => stop[1])) {
        seen.drawn = seen.at === null ? null : Math.max(seen.at, latest);
        if (seen.drawn === null) continue;
        while (taken.has(`${end} ${seen.drawn}`)) seen.drawn += 1;
        taken.add(`${end} ${seen.drawn}`);
        latest = seen.drawn;
      }
    }
  }

  title(rung) {
    return rung.of > 1 ? `${rung.name} ${rung.number} of ${rung.of}` : rung.name;
  }

  // What became of it, in words.
  fate({ fate, after, before, reason }) {
    if (fate === "lost") {
      return after ? `lost between ${after} and ${before}` : "lost: never seen at the other end";
    }
    if (fate === "misdelivered") return "reached the host, addressed to another MAC";
    if (fate === "delivered") return "arrived";
    return `not known: ${reason || "nothing tells whether it arrived"}`;
  }

  // Where it was seen first on its way.
  first(rung) {
    return rung.sent ?? rung.taps[0] ?? rung.arrived;
  }

  since({ at }) {
    return at === null ? "no time" : `${(at / 1e9).toFixed(6)} s`;
  }

  // ---- the same in words

  table() {
    const tapped = this.rungs.some((rung) => rung.taps.length);
    const head = ["Segment", "From", "Sent", ...(tapped ? ["On its way"] : []), "Arrived", "MACs",
      "What became of it"];
    const body = this.rungs.map((rung) => {
      const taps = rung.taps.map((tap) => made("div", {}, `${tap.capture}: ${this.told(tap)}`));
      // A router puts in its own.
      const macs = new Set([rung.sent, ...rung.taps, rung.arrived].filter((seen) => seen?.target)
        .map(({ source, target }) => `${source} → ${target}`));
      const cells = [
        this.title(rung),
        // An error may come from anywhere on that side.
        (rung.fromClient ? "client" : "server") + (rung.name.startsWith("ICMP") ? "'s side" : ""),
        this.told(rung.sent),
        ...(tapped ? [taps.length ? made("div", {}, ...taps) : "-"] : []),
        this.told(rung.arrived),
        macs.size ? made("div", {}, ...[...macs].map((pair) => made("code", {}, pair))) : "-",
        this.fate(rung),
      ];
      return made("tr", {}, ...cells.map((cell) => made("td", {}, cell)));
    });
    return made("table.plain", {},
      made("thead", {}, made("tr", {}, ...head.map((text) => made("th", { scope: "col" }, text)))),
      made("tbody", {}, ...body));
  }

  told(seen) {
    return seen ? `${this.since(seen)}, frame ${seen.frame}` : "-";
  }

  // ---- for Wireshark

  filters() {
    const a = this.attempts;
    const isn = a.number("client_isn", this.at);
    const [client, server] = ["client", "server"].map((end) => a.text(end, this.at));
    const field = client.includes(":") ? "ipv6" : "ip";
    const ports = ["client", "server"].map((end) => a.number(`${end}_port`, this.at));
    const next = (isn + 1) % 2 ** 32;
    const flow = `${field}.addr == ${client} && ${field}.addr == ${server}`
      + ` && tcp.port == ${ports[0]} && tcp.port == ${ports[1]}`
      + ` && (tcp.seq_raw in {${isn}, ${next}} || tcp.ack_raw == ${next})`;
    const found = [["in any capture", flow]];
    const frames = new Map();
    for (const rung of this.rungs) {
      for (const seen of [rung.sent, ...rung.taps, rung.arrived]) {
        if (seen) frames.set(seen.file, (frames.get(seen.file) ?? new Set()).add(seen.frame));
      }
    }
    for (const [file, numbers] of frames) {
      const sorted = [...numbers].sort((one, other) => one - other);
      found.push([file, `frame.number in {${sorted.join(", ")}}`]);
    }
    return found;
  }
}

// The first place in ascending numbers with one that is not less.
function lowest(numbers, value) {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
