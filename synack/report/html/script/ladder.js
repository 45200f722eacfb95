// The ladder of one attempt: client at the left, server at the right, time downwards on one clock.

const LEFT = 170;
const WIDE = 540;
const TOP = 46;
const SAID = 145; // how far from where an arrow begins its words are
const FELL = 30; // how far an arrow falls whose other end is not known

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

  // ---- the drawing

  // [time, height] of all that was seen: the farther apart, the farther down, but by the
  // logarithm. An arrow without its other end falls beside what comes next, so there is room.
  heights() {
    const room = new Map();
    const seen = (segment, before, after) => {
      if (!segment || segment.drawn === null) return;
      const [least, most] = room.get(segment.drawn) ?? [0, 0];
      room.set(segment.drawn, [Math.max(least, before), Math.max(most, after)]);
    };
    for (const { sent, taps, arrived } of this.rungs) {
      seen(sent, 0, arrived ? 0 : 22);
      for (const tap of taps) seen(tap, 0, 0);
      seen(arrived, sent ? 0 : 22, 0);
    }
    const times = [...room.keys()].sort((one, other) => one - other);
    let height = TOP + 30;
    return times.map((time, place) => {
      if (place) {
        const before = times[place - 1];
        const least = 24 + room.get(before)[1] + room.get(time)[0];
        height += Math.min(Math.max(9 * Math.log10((time - before) / 1e3) + 10, least), 78);
      }
      return [time, height];
    });
  }

  height(time) {
    const { scale } = this;
    if (!scale.length) return TOP + 30;
    let next = scale.findIndex(([moment]) => moment >= time);
    if (next < 0) return scale.at(-1)[1] + 6;
    if (scale[next][0] === time) return scale[next][1];
    if (next === 0) return scale[0][1] - 6;
    const [[before, high], [after, low]] = [scale[next - 1], scale[next]];
    return high + ((time - before) / (after - before)) * (low - high);
  }

  places() {
    const path = this.attempts.text("path", this.at);
    const taps = [...new Set(this.rungs.flatMap((rung) => rung.taps.map((tap) => tap.capture)))];
    taps.sort((one, other) => path.indexOf(one) - path.indexOf(other));
    return new Map(taps.map((tap, place) =>
      [tap, LEFT + (WIDE * (place + 1)) / (taps.length + 1)]));
  }

  drawing() {
    this.scale = this.heights();
    this.taps = this.places();
    const bottom = Math.max(TOP + 60, (this.scale.at(-1)?.[1] ?? 0) + FELL + 26);
    const a = this.attempts;
    const [client, server] = ["client", "server"].map((end) => a.endpoint(end, this.at));
    const svg = drawn("svg.ladder", {
      viewBox: `0 0 ${2 * LEFT + WIDE} ${bottom + 6}`,
      role: "img",
      "aria-label": `Ladder of ${client} to ${server}: ${a.text("outcome", this.at)}.`
        + " The table below says the same.",
    });
    for (const [end, x] of [["client", LEFT], ["server", LEFT + WIDE]]) {
      const host = a.text(`${end}_host`, this.at);
      svg.append(
        drawn("text.end", { x, y: 16 }, host || end),
        drawn("text.address", { x, y: 32 }, a.endpoint(end, this.at)),
        drawn(host ? "line.life" : "line.life.blind", { x1: x, x2: x, y1: TOP, y2: bottom }),
      );
      if (!host) svg.append(drawn("text.note", { x, y: bottom + 2 }, "not captured"));
    }
    for (const [tap, x] of this.taps) {
      svg.append(drawn("text.address", { x, y: 32 }, tap),
        drawn("line.life", { x1: x, x2: x, y1: TOP, y2: bottom }));
    }
    svg.append(...this.pauses(), ...this.rungs.map((rung) => this.rung(rung)));
    return svg;
  }

  pauses() {
    return this.scale.slice(1).flatMap(([time, height], place) => {
      const [before, above] = this.scale[place];
      if (time - before < 5e8) return [];
      return [drawn("text.pause", { x: LEFT + WIDE + 8, y: (above + height) / 2 + 8 },
        `${shownSpan(time - before)} later`)];
    });
  }

  rung(rung) {
    const way = rung.fromClient ? [LEFT, LEFT + WIDE] : [LEFT + WIDE, LEFT];
    const stops = [
      ...(rung.sent ? [[way[0], rung.sent.drawn]] : []),
      ...rung.taps.map((tap) => [this.taps.get(tap.capture), tap.drawn]),
      ...(rung.arrived ? [[way[1], rung.arrived.drawn]] : []),
    ].map(([x, time]) => [x, time === null ? null : this.height(time)]);
    const known = stops.find(([, y]) => y !== null)?.[1] ?? TOP + 30;
    const points = stops.map(([x, y]) => [x, y ?? known]);
    if (!rung.sent) points.unshift(this.origin(way, points[0]));
    if (!rung.arrived) points.push(this.vanishing(rung, way, points.at(-1)));
    const group = drawn("g.rung", { "data-fate": rung.fate });
    if (this.stale && this.first(rung).target === this.stale) group.classList.add("stray");
    group.append(drawn("title", {}, `${this.title(rung)}: ${this.fate(rung)}`));
    if (rung.sent && rung.arrived && rung.arrived.drawn !== null) {
      group.append(this.whisker(way[1], rung));
    }
    group.append(
      drawn("polyline", { points: points.map((point) => point.join()).join(" ") }),
      this.head(points.at(-2), points.at(-1), rung.fate),
      ...this.words(rung, points[0], points.at(-1)),
      ...this.margins(rung, way),
    );
    return group;
  }

  // Where it may have come from.
  origin([from], [x, y]) {
    return [x + (from - x) * 0.85, y - FELL * 0.85];
  }

  // Where it was seen no more: before the place that would have shown it, else on the way.
  vanishing(rung, way, [x, y]) {
    const limit = this.taps.get(rung.before) ?? way[1];
    const share = rung.fate === "lost" ? 0.62 : 0.8;
    return [x + (limit - x) * share, y + FELL * share];
  }

  // What the clocks of both ends may be apart, at the end that it arrived at.
  whisker(x, rung) {
    const [from, to] = [-1, 1].map((sign) =>
      this.height(rung.arrived.drawn + sign * (rung.doubt ?? 0)));
    return drawn("line.doubt", { x1: x, x2: x, y1: from, y2: to });
  }

  head([x1, y1], [x2, y2], fate) {
    const angle = (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI;
    const place = { transform: `translate(${x2} ${y2}) rotate(${angle})` };
    if (fate === "lost") return drawn("path.cross", { ...place, d: "M-6-6 6 6M-6 6 6-6" });
    if (fate === "unwitnessed") {
      return drawn("text.unknown", { x: x2 + (x2 > x1 ? 8 : -8), y: y2 + 5 }, "?");
    }
    return drawn("path.head", { ...place, d: "M0 0-11-4.5-11 4.5Z" });
  }

  // Along the arrow, near where it begins: what it is above, its MACs below.
  words(rung, [x1, y1], [x2, y2]) {
    const turned = (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI;
    const angle = x2 < x1 ? turned + 180 : turned;
    const share = Math.min(SAID / Math.abs(x2 - x1), 0.5);
    const transform = `translate(${x1 + share * (x2 - x1)} ${y1 + share * (y2 - y1)}) rotate(${angle})`;
    const { source, target } = this.first(rung);
    const macs = target ? [drawn("text.macs", { transform, y: 12 }, `${source} → `,
      drawn("tspan.target", {}, target))] : [];
    const fate = { lost: " · lost", misdelivered: " · not its MAC" }[rung.fate] ?? "";
    return [drawn("text.what", { transform, y: -5 }, this.title(rung) + fate), ...macs];
  }

  // Beside the lines of both ends: when, and in which frame.
  margins(rung, way) {
    return [[rung.sent, way[0]], [rung.arrived, way[1]]].flatMap(([seen, x]) => {
      if (!seen) return [];
      const left = x === LEFT;
      const y = (seen.drawn === null ? TOP + 30 : this.height(seen.drawn)) + 4;
      return [drawn(left ? "text.seen.left" : "text.seen", { x: x + (left ? -10 : 10), y },
        `${this.since(seen)} #${seen.frame}`)];
    });
  }

  since({ at }) {
    return at === null ? "no time" : `${(at / 1e9).toFixed(6)} s`;
  }

  // ---- the same in words

  table() {
    const tapped = this.taps.size > 0;
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
