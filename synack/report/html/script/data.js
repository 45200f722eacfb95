// The attempts as columns of integers, from the page (see columns.py).

const ARRAYS = {
  i1: Int8Array, u1: Uint8Array, i2: Int16Array, u2: Uint16Array,
  i4: Int32Array, u4: Uint32Array, i8: BigInt64Array,
};
const NO_TIME = -(2n ** 63n);

// Texts, and columns as typed arrays.
async function unpacked() {
  const packed = atob(document.getElementById("data").textContent);
  const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(stream).arrayBuffer();
  const end = 4 + new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, end - 4)));
  for (const [name, [type, begin, rows]] of Object.entries(head.columns)) {
    head.columns[name] = new ARRAYS[type](buffer, end + begin, rows);
  }
  return head;
}

class Attempts {
  constructor(data) {
    Object.assign(this, data);
    this.length = this.columns.row.length;
    this.firstRung = new Uint32Array(this.length + 1);
    this.columns.rungs.forEach((many, at) => {
      this.firstRung[at + 1] = this.firstRung[at] + many;
    });
  }

  // "" where there is none.
  text(name, at) {
    return this.texts[name][this.columns[name][at]] ?? "";
  }

  // null where nobody knows.
  number(name, at) {
    const number = Number(this.columns[name][at]);
    return number < 0 ? null : number;
  }

  // ns since 1970 UTC, exact, or null.
  begin(at) {
    const time = BigInt(this.columns.first[at]);
    return time === NO_TIME ? null : time;
  }

  // ns since an attempt began, or null.
  time(name, at) {
    const time = this.columns[name][at];
    return BigInt(time) === NO_TIME ? null : Number(time);
  }

  at(row) {
    return this.columns.row.indexOf(row);
  }

  endpoint(end, at) {
    const address = this.text(end, at);
    const port = this.number(`${end}_port`, at);
    return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  }
}

// 14:58:48.123456, or with "date" 2026-11-23 14:58:48.123456789.
function shownTime(time, date = false) {
  if (time === null) return "";
  const nanos = ((time % 1000000000n) + 1000000000n) % 1000000000n;
  const moment = new Date(Number((time - nanos) / 1000000n));
  const iso = Number.isNaN(moment.valueOf()) ? "" : moment.toISOString();
  const clock = iso.slice(iso.indexOf("T") + 1, -5);
  const fraction = String(nanos).padStart(9, "0");
  if (date) return `${iso.slice(0, iso.indexOf("T"))} ${clock}.${fraction}`;
  return `${clock}.${fraction.slice(0, 6)}`;
}

function shownSpan(nanos) {
  const size = Math.abs(nanos);
  if (size >= 1e9) return `${(nanos / 1e9).toFixed(3)} s`;
  if (size >= 1e6) return `${(nanos / 1e6).toFixed(3)} ms`;
  return `${(nanos / 1e3).toFixed(1)} µs`;
}

// An element with attributes and children; text is only ever text.
function made(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  return filled(element, classes, attributes, children);
}

function drawn(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  return filled(element, classes, attributes, children);
}

function filled(element, classes, attributes, children) {
  element.classList.add(...classes);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value !== null) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}
