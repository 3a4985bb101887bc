"use strict";
// Stacked panels on one time axis, and a hodogram of whatever time range they show.
(async function () {
  const state = document.getElementById("explore-state");
  try {
    await unpackLibrary();
    start(JSON.parse(document.getElementById("explore-data").textContent));
    state.hidden = true;
  } catch (error) {
    state.textContent = "The interactive panels could not be drawn (" + error.message + "). The figures below show the same data.";
  }
})();

async function unpackLibrary() {
  if (typeof DecompressionStream === "undefined") throw new Error("this browser is too old");
  const holder = document.getElementById("plotting-library");
  const packed = Uint8Array.from(atob(holder.textContent.trim()), (c) => c.charCodeAt(0));
  const text = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  const script = document.createElement("script");
  script.textContent = text;
  document.head.append(script);
  holder.remove();
}

function start(data) {
  const panels = document.getElementById("panels");
  const hodogram = document.getElementById("hodogram");
  const shift = document.getElementById("shift");
  const frame = document.getElementById("frame");
  const series = data.spacecraft.map((craft) => unpacked(craft));
  const whole = wholeRange(data, series);
  // Nothing leaves the page: no button that sends a chart anywhere, and no address to send it to.
  const touch = matchMedia("(pointer: coarse)").matches; // a finger over a panel scrolls the page; the buttons zoom
  const config = { displayModeBar: touch ? false : undefined, responsive: true, displaylogo: false, plotlyServerURL: "",
    modeBarButtonsToRemove: ["sendChartToCloud", "select2d", "lasso2d", "autoScale2d"] };
  const lagOf = (craft) => (shift && shift.checked && craft.lag_ms ? craft.lag_ms : 0);
  const scalogram = scalogramOf(data, lagOf, touch, config);
  let shown = [...whole];

  Plotly.newPlot(panels, panelTraces(data, series, lagOf), panelLayout(data, whole, touch), config);
  fillFrames(frame, data);
  fillRanges(document.getElementById("ranges"), data, whole, show);
  const fitted = (range) => ({ ...heights(data, series, range, lagOf), annotations: names(data, range, panels.clientWidth - SIDES),
    "xaxis.title.text": data.spacecraft.some(lagOf) ? `Time at ${data.reference} (UTC)` : "Time (UTC)" });
  Plotly.relayout(panels, fitted(whole));
  drawHodogram();

  panels.on("plotly_relayout", (change) => {
    if (change["xaxis.autorange"]) return show(whole);
    const range = change["xaxis.range"] || [change["xaxis.range[0]"], change["xaxis.range[1]"]];
    if (range[0] === undefined) return;
    shown = range.map(milliseconds);
    Plotly.relayout(panels, fitted(shown));
    drawHodogram();
  });
  if (shift) shift.addEventListener("change", () => {
    Plotly.react(panels, panelTraces(data, series, lagOf), { ...panels.layout }, config);
    Plotly.relayout(panels, fitted(shown));
    drawHodogram();
  });
  frame.addEventListener("change", drawHodogram);
  for (const button of document.querySelectorAll("[data-move], [data-zoom]")) button.addEventListener("click", () => {
    const middle = (shown[0] + shown[1]) / 2, length = shown[1] - shown[0];
    const move = Number(button.dataset.move || 0) * length, half = (length * Number(button.dataset.zoom || 1)) / 2;
    show([middle + move - half, middle + move + half]);
  });

  function show(range) {
    Plotly.relayout(panels, { "xaxis.range": range.map(utc) });
  }

  function drawHodogram() {
    const drawn = data.spacecraft.map((craft, k) => track(craft, series[k], shown, lagOf(craft), frame.value));
    scalogram.draw(shown);
    Plotly.react(hodogram, hodogramTraces(data, drawn), hodogramLayout(drawn, hodogram.clientWidth, touch), config);
    const counts = drawn.map((t, k) => `${data.spacecraft[k].label}: ${t.count} field samples${t.thinned ? " (thinned for the screen)" : ""}`).join(", ");
    const hours = ((shown[1] - shown[0]) / 3.6e6).toPrecision(3);
    document.getElementById("shown").textContent =
      `Shown: ${words(shown[0])} to ${words(shown[1])} UTC (${hours} h). ${counts}.` +
      (drawn.every((t) => t.found) ? "" : " Where a spacecraft has no such frame, its data's own is used.");
  }
}

// --- data ------------------------------------------------------------------------------------------------------------

function unpacked(craft) {
  const found = {};
  for (const [key, s] of Object.entries(craft.series)) {
    const index = s.index || s.values.map((_, i) => i);
    found[key] = { time: index.map((i) => s.start + i * s.step), values: s.values };
  }
  return found;
}

function wholeRange(data, series) {
  const times = series.flatMap((s) => [s.b_mag.time[0], s.b_mag.time[s.b_mag.time.length - 1]]);
  const edges = data.intervals.flatMap((i) => [i.start, i.end]);
  const [low, high] = [Math.min(...times), Math.max(...times)];
  if (!edges.length) return [low, high];
  const margin = Math.max((Math.max(...edges) - Math.min(...edges)) / 6, 3.6e6);
  return [Math.max(low, Math.min(...edges) - margin), Math.min(high, Math.max(...edges) + margin)];
}

function track(craft, series, range, lag, frameName) {
  const found = craft.frames.find((f) => f.name === frameName);
  const frame = found || craft.frames[0];
  const [x, y, z] = ["b_x", "b_y", "b_z"].map((key) => series[key].values);
  const time = series.b_x.time;
  const points = frame.axes.map(() => []);
  let count = 0;
  for (let i = 0; i < time.length; i++) {
    if (time[i] - lag < range[0] || time[i] - lag >= range[1]) continue;
    const whole = x[i] !== null && y[i] !== null && z[i] !== null;
    count += whole;
    frame.axes.forEach((a, k) => points[k].push(whole ? a[0] * x[i] + a[1] * y[i] + a[2] * z[i] : null));
  }
  return { points, count, labels: frame.labels, found: Boolean(found), thinned: Boolean(craft.series.b_x.index) };
}

const SIDES = 86; // pixels to the left and right of the panels

// --- panels ----------------------------------------------------------------------------------------------------------

function panelTraces(data, series, lagOf) {
  const traces = [];
  data.panels.forEach((panel, row) => data.spacecraft.forEach((craft, k) => {
    const s = series[k][panel.key];
    if (!s) return;
    const lag = lagOf(craft);
    const x = s.time.map((t) => t - lag), yaxis = row ? "y" + (row + 1) : "y";
    traces.push({
      type: "scatter", mode: "lines", name: craft.label, legendgroup: craft.name, showlegend: row === 0, connectgaps: false,
      x, y: s.values, yaxis, line: { width: 1.2, color: craft.colour },
      hovertemplate: `%{y:.4g} ${panel.unit}<extra>${craft.label}${lag ? " (shifted)" : ""}</extra>`,
    });
    // A sample between two gaps has no line: it is drawn as a dot.
    traces.push({ type: "scatter", mode: "markers", x, y: alone(s.values), yaxis, legendgroup: craft.name, showlegend: false,
      hoverinfo: "skip", marker: { size: 3, color: craft.colour } });
  }));
  return traces;
}

function alone(values) {
  const gap = (i) => values[i] === null || values[i] === undefined;
  return values.map((v, i) => (v !== null && gap(i - 1) && gap(i + 1) ? v : null));
}

// Vertical ranges of what is visible, so that a zoomed panel is filled; a logarithmic one gets its ticks with them.
function heights(data, series, range, lagOf) {
  const change = {};
  data.panels.forEach((panel, row) => {
    let low = Infinity, high = -Infinity;
    data.spacecraft.forEach((craft, k) => {
      const s = series[k][panel.key], lag = lagOf(craft);
      if (!s || panel.unit_range) return;
      s.values.forEach((v, i) => {
        if (v === null || s.time[i] - lag < range[0] || s.time[i] - lag > range[1] || (panel.log && v <= 0)) return;
        low = Math.min(low, v);
        high = Math.max(high, v);
      });
    });
    if (low > high) return;
    if (panel.log) [low, high] = [Math.log10(low), Math.log10(high)];
    if (panel.zero) low = 0;
    const pad = 0.06 * (high - low) || 0.5, axis = "yaxis" + (row ? row + 1 : "");
    change[axis + ".range"] = [panel.zero ? 0 : low - pad, high + pad];
    if (panel.log) {
      change[axis + ".tickvals"] = logTicks(low - pad, high + pad);
      change[axis + ".ticktext"] = change[axis + ".tickvals"].map(plain);
    }
  });
  return change;
}

// Few ticks between two powers of ten, all written out and of one size.
function logTicks(low, high) {
  const inside = (steps) => Array.from({ length: 30 }, (_, k) => k - 15).flatMap((power) => steps.map((s) => Number(`${s}e${power}`)))
    .filter((v) => Math.log10(v) >= low && Math.log10(v) <= high);
  for (const steps of [[1], [1, 3], [1, 2, 5]]) if (inside(steps).length >= 2) return inside(steps);
  return inside([1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9]);
}

function plain(value) {
  if (value >= 1e-3 && value < 1e4) return String(value);
  const [digits, power] = value.toExponential().split("e");
  return `${digits === "1" ? "" : digits + "×"}10<sup>${Number(power)}</sup>`.replace("-", "−");
}

// Names of the shaded intervals over the panels, each where it fits over its stretch, else its number, else nothing.
function names(data, range, width) {
  const found = [];
  for (const i of data.intervals) if (i.shade) {
    const low = Math.max(i.start, range[0]), high = Math.min(i.end, range[1]);
    const room = ((high - low) / (range[1] - range[0])) * width;
    const text = [i.name, i.name.split(" ").pop()].find((t) => 7 * t.length < room);
    if (text) found.push({ text, x: (low + high) / 2, xref: "x", y: 1, yref: "paper", yanchor: "bottom", yshift: 1 + 15 * i.row,
      showarrow: false, font: { size: 11 } });
  }
  return found;
}

function panelLayout(data, whole, touch) {
  const rows = data.panels.length, gap = 0.012, tall = (1 - gap * (rows - 1)) / rows;
  const layout = {
    height: 130 * rows + 116, margin: { l: 74, r: SIDES - 74, t: 78, b: 64 }, hovermode: "x", hoversubplots: "axis", dragmode: touch ? false : "zoom",
    font: { family: "system-ui, sans-serif", size: 12, color: "#1b1f24" }, legend: { orientation: "h", y: 1 + 34 / (130 * rows - 26), yanchor: "bottom", x: 0 },
    xaxis: { type: "date", range: whole.map(utc), anchor: "y" + rows, hoverformat: "%Y-%m-%d %H:%M:%S", title: { text: "Time (UTC)", standoff: 18 },
      tickformatstops: TIME_TICKS, nticks: touch ? 4 : 0,
      showgrid: false, zeroline: false, linecolor: "#57606a", ticks: "outside" },
    shapes: [], annotations: [],
  };
  data.panels.forEach((panel, row) => {
    const top = 1 - row * (tall + gap);
    layout["yaxis" + (row ? row + 1 : "")] = {
      domain: [top - tall, top], title: { text: panel.unit ? `${panel.label} (${panel.unit})` : panel.label, font: { size: 12 }, standoff: 4 },
      type: panel.log ? "log" : "linear", fixedrange: true, zeroline: !panel.log, zerolinecolor: "#8c959f", gridcolor: "#eaeef2", linecolor: "#57606a",
      nticks: 4, ...(panel.log ? { tickmode: "array" } : {}), exponentformat: "power", rangemode: panel.zero ? "tozero" : "normal", ...(panel.unit_range ? { range: [-1.05, 1.05] } : {}),
    };
  });
  for (const i of data.intervals) if (i.shade) {
    layout.shapes.push({ type: "rect", xref: "x", yref: "paper", x0: i.start, x1: i.end, y0: 0, y1: 1, fillcolor: i.shade, line: { width: 0 }, layer: "below" });
  }
  return layout;
}

function fillRanges(place, data, whole, show) {
  const ranges = [["Whole event", whole], ...data.intervals.map((i) => [i.name, [i.start, i.end]])];
  for (const [name, range] of ranges) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", () => show(range));
    place.append(button);
  }
}

// --- hodogram --------------------------------------------------------------------------------------------------------

function fillFrames(select, data) {
  const names = new Set(data.spacecraft.flatMap((craft) => craft.frames.map((f) => f.name)));
  for (const name of names) select.add(new Option(name, name));
}

const planesOf = (labels) => (labels[0] === "max" ? [[1, 0], [2, 0], [2, 1]] : [[0, 1], [0, 2], [1, 2]]);

function hodogramTraces(data, drawn) {
  const traces = [];
  drawn.forEach((t, k) => planesOf(t.labels).forEach(([across, up], n) => {
    const craft = data.spacecraft[k], axes = { xaxis: n ? "x" + (n + 1) : "x", yaxis: n ? "y" + (n + 1) : "y" };
    const [x, y] = [t.points[across], t.points[up]];
    traces.push({ type: "scatter", mode: "lines", x, y, ...axes, name: craft.label, showlegend: n === 0, legendgroup: craft.name,
      connectgaps: false, line: { width: 1.1, color: craft.colour }, hovertemplate: "(%{x:.3g}, %{y:.3g}) nT<extra>" + craft.label + "</extra>" });
    const first = x.findIndex((v) => v !== null), last = x.findLastIndex((v) => v !== null);
    if (first >= 0) traces.push({ type: "scatter", mode: "markers", x: [x[first], x[last]], y: [y[first], y[last]], ...axes, showlegend: false,
      legendgroup: craft.name, hoverinfo: "skip", marker: { symbol: ["circle", "square"], size: 9, color: "#fff", line: { width: 2, color: craft.colour } } });
  }));
  return traces;
}

function hodogramLayout(drawn, width, touch) {
  const narrow = width < 640, labels = drawn[0].labels, size = narrow ? width - 30 : width / 3;
  const layout = { height: narrow ? 3 * size + 60 : size + 60, margin: { l: 56, r: 12, t: 40, b: 44 }, font: { family: "system-ui, sans-serif", size: 12, color: "#1b1f24" },
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 }, hovermode: "closest", dragmode: touch ? false : "pan" };
  planesOf(labels).forEach(([across, up], n) => {
    const id = n ? n + 1 : "", part = [n / 3 + (n ? 0.035 : 0), (n + 1) / 3 - (n < 2 ? 0.035 : 0)];
    const axis = { zeroline: true, zerolinecolor: "#8c959f", gridcolor: "#eaeef2", linecolor: "#57606a", mirror: true, nticks: 6 };
    layout["xaxis" + id] = { ...axis, domain: narrow ? [0, 1] : part, anchor: "y" + id, title: { text: `B<sub>${labels[across]}</sub> (nT)`, standoff: 4 } };
    layout["yaxis" + id] = { ...axis, domain: narrow ? [1 - part[1], 1 - part[0]] : [0, 1], anchor: "x" + id, scaleanchor: "x" + id,
      title: { text: `B<sub>${labels[up]}</sub> (nT)`, standoff: 4 } };
  });
  return layout;
}

// --- scalogram -------------------------------------------------------------------------------------------------------

const PERIOD_TICKS = [2, 5, 10, 20, 30, 60, 120, 240, 480, 960, 1920]; // min
const RED_BLUE = [[0, "#053061"], [0.25, "#4393c3"], [0.5, "#f7f7f7"], [0.75, "#d6604d"], [1, "#67001f"]];

// Draws the scalogram of the chosen spacecraft and quantity over a time range; nothing where there is none.
function scalogramOf(data, lagOf, touch, config) {
  const crafts = data.spacecraft.filter((craft) => craft.scalogram);
  const [of, what, place] = ["scalogram-of", "scalogram-what", "scalogram"].map((id) => document.getElementById(id));
  let range = null;
  for (const craft of crafts) of.add(new Option(craft.label, craft.name));
  document.getElementById("scalogram-block").hidden = !crafts.length;
  for (const select of [of, what]) select.addEventListener("change", () => draw(range));
  return { draw };

  function draw(shown) {
    range = shown;
    if (!crafts.length) return;
    const craft = crafts.find((c) => c.name === of.value), s = craft.scalogram, lag = lagOf(craft);
    const bytes = Int8Array.from(atob(s.values[what.value]), (c) => c.charCodeAt(0));
    const z = s.period_min.map((_, row) => Array.from(bytes.subarray(row * s.columns, (row + 1) * s.columns), (v) => (v === 127 ? null : v / 100)));
    const known = s.period_min.filter((_, row) => z[row].some((v) => v !== null));
    const periods = known.length ? [Math.log10(known[0]), Math.log10(known[known.length - 1])] : undefined;
    const x = Array.from({ length: s.columns }, (_, k) => s.start - lag + k * s.step);
    const symbol = what.selectedOptions[0].textContent.split(",")[0].replace(/_(\w)/, "<sub>$1</sub>");
    Plotly.react(place, [{ type: "heatmap", x, y: s.period_min, z, zmin: -1, zmax: 1, colorscale: RED_BLUE, hoverongaps: false,
      colorbar: { title: { text: symbol }, thickness: 12, tickvals: [-1, 0, 1] }, hovertemplate: "%{x|%Y-%m-%d %H:%M}, %{y:.3g} min: %{z:.2f}<extra></extra>" }],
      { height: 320, margin: { l: 74, r: 12, t: 12, b: 64 }, font: { family: "system-ui, sans-serif", size: 12, color: "#1b1f24" }, dragmode: false, plot_bgcolor: "#d9d9d9",
        xaxis: { type: "date", range: shown.map(utc), title: { text: lag ? "Time shifted by the lag (UTC)" : "Time (UTC)", standoff: 18 }, nticks: touch ? 4 : 0, showgrid: false,
          tickformatstops: TIME_TICKS },
        yaxis: { type: "log", title: { text: "Period (min)" }, tickvals: PERIOD_TICKS, ticktext: PERIOD_TICKS.map(String), range: periods, showgrid: false, fixedrange: true } }, config);
  }
}

// --- time ------------------------------------------------------------------------------------------------------------

const TIME_TICKS = [{ dtickrange: [null, 864e5], value: "%H:%M\n%-d %b %Y" }, { dtickrange: [864e5, null], value: "%-d %b\n%Y" }];
const utc = (ms) => new Date(ms).toISOString().slice(0, 23).replace("T", " ");
const words = (ms) => utc(ms).slice(0, 19);
const milliseconds = (text) => (typeof text === "number" ? text : Date.parse(String(text).replace(" ", "T").replace(/Z?$/, "Z")));
