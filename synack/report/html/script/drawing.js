// The drawing of a ladder: client at the left, server at the right, time downwards on one clock.

const LEFT = 170;
const WIDE = 540;
const TOP = 46;
const SAID = 145; // how far from where an arrow begins its words are
const FELL = 30; // how far an arrow falls whose other end is not known

class DrawnLadder extends Ladder {
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
}
