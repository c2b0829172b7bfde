#pragma once
// The script of the classroom's page: fills every widget from the data in the page. No library, no network.

#include <string_view>

namespace ebm::app {

inline constexpr std::string_view kScript = R"js(
'use strict';
(() => {
const data = JSON.parse(document.getElementById('data').textContent);
const clamp = (v, a, b) => Math.min(b, Math.max(a, v));
const make = (tag, attributes, ...children) => {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(attributes || {}))
    if (k.startsWith('on')) e.addEventListener(k.slice(2), v); else e.setAttribute(k, v);
  e.append(...children);
  return e;
};
const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
const show = v => v === null || !isFinite(v) ? '\u2013' : v !== 0 && Math.abs(v) < 0.01 ? v.toExponential(1) : +v.toPrecision(3) + '';
const colour = name => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();

// Low energy dark, high energy light.
const kStops = [[48, 18, 92], [58, 82, 140], [33, 145, 140], [110, 205, 90], [252, 232, 80]];
const shade = t => {
  const u = clamp(t, 0, 1) * (kStops.length - 1), i = Math.min(kStops.length - 2, Math.floor(u));
  return kStops[i].map((c, k) => c + (kStops[i + 1][k] - c) * (u - i));
};
const kGradient = 'linear-gradient(90deg,' + kStops.map(c => 'rgb(' + c + ')').join() + ')';

// value(column, row) in [0, 1] as a smooth picture; row 0 is at the bottom.
const paint = (canvas, columns, rows, value) => {
  const small = make('canvas', {width: columns, height: rows}), s = small.getContext('2d');
  const image = s.createImageData(columns, rows);
  for (let r = 0; r < rows; ++r)
    for (let c = 0; c < columns; ++c) {
      const at = 4 * ((rows - 1 - r) * columns + c), v = value(c, r);
      const rgb = Array.isArray(v) ? v : shade(v);
      for (let k = 0; k < 3; ++k) image.data[at + k] = rgb[k];
      image.data[at + 3] = 255;
    }
  s.putImageData(image, 0, 0);
  const to = canvas.getContext('2d');
  to.imageSmoothingEnabled = true;
  to.drawImage(small, 0, 0, canvas.width, canvas.height);
  return to;
};

// A slider over the values of `steps`, with a button that plays it.
const slider = (name, steps, label, change, start) => {
  const input = make('input', {type: 'range', min: 0, max: steps.length - 1, step: 1, 'aria-label': name});
  const output = make('output', {});
  input.value = start;
  let timer = 0;
  const set = () => { output.textContent = label(steps[input.value]); change(steps[input.value]); };
  const button = make('button', {type: 'button', 'aria-label': 'play ' + name, onclick: () => {
    if (timer) { clearInterval(timer); timer = 0; button.textContent = '\u25b6'; return; }
    if (+input.value === steps.length - 1) input.value = 0;
    button.textContent = '\u23f8';
    timer = setInterval(() => {
      input.value = +input.value + 1;
      set();
      if (+input.value === steps.length - 1) { clearInterval(timer); timer = 0; button.textContent = '\u25b6'; }
    }, 250);
  }}, '\u25b6');
  input.addEventListener('input', set);
  return {row: [button, make('label', {class: 'slide'}, name, input, output)], set, value: () => steps[input.value]};
};
const chooser = (name, options, change) => {
  const select = make('select', {'aria-label': name, onchange: () => change(select.value)});
  options.forEach((text, i) => select.append(make('option', {value: i}, text)));
  return {row: [make('label', {}, name, select)], value: () => +select.value, set: i => { select.value = i; }};
};

// Lines over x = 0, 1, .. or given x; `cursor` is an upright line.
const nice = (low, high) => {
  const raw = (high - low) / 4, power = 10 ** Math.floor(Math.log10(raw)), unit = [1, 2, 5, 10].find(u => u * power >= raw) * power;
  const out = [];
  for (let v = Math.ceil(low / unit - 1e-9) * unit; v <= high + 1e-9 * unit; v += unit) out.push(Math.abs(v) < unit / 1e6 ? 0 : v);
  return out;
};
const chart = ({title, x, series, cursor, xTitle, xLog, low, high, legend = true, width = 360, height = 200}) => {
  const all = series.flatMap(s => s.y).filter(v => v !== null && isFinite(v));
  if (!all.length) return '';
  let y0 = low ?? Math.min(...all), y1 = high ?? Math.max(...all);
  if (y1 - y0 < 1e-9) { y0 -= 0.5; y1 += 0.5; }
  const pad = (y1 - y0) * 0.05;
  if (low === undefined) y0 -= pad;
  if (high === undefined) y1 += pad;
  const fx = xLog ? Math.log10 : v => v, x0 = fx(x[0]), x1 = fx(x[x.length - 1]) || 1;
  const left = 44, right = 8, top = 22, bottom = 34;
  const px = v => left + (width - left - right) * (fx(v) - x0) / (x1 - x0 || 1);
  const py = v => height - bottom - (height - top - bottom) * (clamp(v, y0, y1) - y0) / (y1 - y0);
  let out = `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}"><text x="${left}" y="13" style="font-weight:600">${title}</text>`;
  for (const v of nice(y0, y1)) out += `<line x1="${left}" x2="${width - right}" y1="${py(v)}" y2="${py(v)}" class="k-faint"/><text class="soft" x="${left - 5}" y="${py(v) + 4}" text-anchor="end">${+v.toPrecision(4)}</text>`;
  const marks = xLog ? [0.01, 0.1, 1, 10, 100, 1000].filter(v => v >= x[0] * 0.999 && v <= x[x.length - 1] * 1.001) : nice(x0, x1);
  for (const v of marks) out += `<text class="soft" x="${px(v)}" y="${height - bottom + 15}" text-anchor="${px(v) > width - 24 ? 'end' : 'middle'}">${+v.toPrecision(4)}</text>`;
  out += `<text class="soft" x="${width - right}" y="${height - 4}" text-anchor="end">${xTitle}</text>`;
  series.forEach((s, i) => {
    const points = s.y.map((v, k) => v === null || !isFinite(v) || v > y1 || v < y0 ? '' : `${px(x[k]).toFixed(1)},${py(v).toFixed(1)}`).filter(p => p).join(' ');
    out += `<polyline fill="none" class="k-${s.colour}" stroke-width="${s.width || 1.8}" ${s.dash ? 'stroke-dasharray="4 3"' : ''} points="${points}"/>`;
  });
  if (cursor !== undefined) out += `<line x1="${px(cursor)}" x2="${px(cursor)}" y1="${top}" y2="${height - bottom}" class="k-ink" stroke-dasharray="2 2"/>`;
  if (legend) {
    let at = left;
    for (const s of series.filter(s => s.name)) {
      out += `<circle cx="${at + 4}" cy="${height - 8}" r="4" class="f-${s.colour}"/><text x="${at + 12}" y="${height - 4}">${s.name}</text>`;
      at += 22 + 6.2 * s.name.length;
    }
  }
  return out + '</svg>';
};
)js"
                                            R"js(
const widgets = {};

// Energy surfaces of several runs, all at one pass.
widgets.surfaces = (box, source) => {
  const [name, set] = source.split(':'), chapter = data[name], side = chapter.side;
  const runs = chapter.runs.filter(r => r.set === set);
  const passes = [...new Set(runs.flatMap(r => r.pictures.map(p => p.pass)))].sort((a, b) => a - b);
  const cache = new Map();
  const surface = p => cache.get(p) || cache.set(p, {e: bytes(p.surface), a: bytes(p.answers)}).get(p);
  const at = (run, pass) => run.pictures.filter(p => p.pass <= pass).pop();
  const kinds = [...new Set(runs.map(r => r.architecture))];
  let chosen = runs.findIndex(r => r.architecture === 'implicit');
  if (chosen < 0) chosen = runs.length - 1;

  const draw = (canvas, run, pass) => {
    const p = at(run, pass), s = surface(p), start = run.pictures[0];
    const unit = (p.high - p.low) / 255, span = Math.max(p.high - p.low, (start.high - start.low) / 2) || 1;
    const to = paint(canvas, side, side, (c, r) => s.e[r * side + c] * unit / span);
    const n = canvas.width, y = v => n / 2 * (1 - v);
    to.lineWidth = n / 130;
    to.strokeStyle = '#fff';
    to.setLineDash([n / 40, n / 60]);
    for (const curve of chapter.curves) {
      to.beginPath();
      curve.forEach((v, k) => to.lineTo(n * k / (curve.length - 1), y(v)));
      to.stroke();
    }
    to.setLineDash([]);
    to.fillStyle = '#ff7a1a';
    s.a.forEach((b, k) => {
      to.beginPath();
      to.arc(n * k / (side - 1), y(-1 + 2 * b / 255), n / 85, 0, 7);
      to.fill();
    });
    return {p, low: p.low, high: p.low + span};
  };

  const big = make('canvas', {width: 480, height: 480, role: 'img', 'aria-label': 'energy surface'});
  const scale = make('div', {class: 'scale'}), say = make('p', {class: 'say'}), curves = make('div', {});
  const thumbs = [];
  const update = pass => {
    runs.forEach((run, i) => draw(thumbs[i].canvas, run, pass));
    const run = runs[chosen], {p, low, high} = draw(big, run, pass);
    scale.replaceChildren('E = ' + show(low), make('i', {style: 'background:' + kGradient}), show(high));
    const last = run.pictures[run.pictures.length - 1].pass;
    say.innerHTML = `<b>${run.title || run.architecture + ', ' + run.loss}</b>, after ${p.pass} passes: RMSE ${show(p.rmse)}, E of the truth ${show(p.truth)}, of the offender ${show(p.offending)}, range over Y ${show(p.range)}.<br>In the end (${last} passes): <span class="badge ${run.verdict.split(' ')[0]}">${run.verdict}</span> ${run.why}.`;
    const x = run.passes.loss.map((_, k) => k + 1), cursor = clamp(p.pass, 1, x.length);
    curves.innerHTML = chart({title: 'loss', x, cursor, xTitle: 'pass', legend: false, series: [{y: run.passes.loss, colour: 's1'}]}) +
      chart({title: 'mean energy, and the gap between', x, cursor, xTitle: 'pass', series: [
        {name: 'truth', y: run.passes.truth, colour: 'good'}, {name: 'most offending', y: run.passes.offending, colour: 'bad'},
        {name: 'gap', y: run.passes.gap, colour: 's1', dash: true}]});
    thumbs.forEach((t, i) => t.button.setAttribute('aria-pressed', i === chosen));
  };
  const slide = slider('pass', passes, p => p + ' of ' + passes[passes.length - 1], update, passes.length - 1);
  box.append(make('div', {class: 'controls'}, ...slide.row),
             make('div', {class: 'main'}, make('div', {}, big, scale), make('div', {}, say, curves)));
  for (const kind of kinds) {
    const row = make('div', {class: 'thumbs'});
    runs.forEach((run, i) => {
      if (run.architecture !== kind) return;
      const canvas = make('canvas', {width: 128, height: 128});
      const button = make('button', {class: 'thumb', type: 'button', onclick: () => { chosen = i; update(slide.value()); }},
                          canvas, make('span', {}, run.label || run.loss), make('span', {class: 'badge ' + run.verdict.split(' ')[0]}, run.verdict));
      thumbs[i] = {canvas, button};
      row.append(button);
    });
    box.append(make('div', {class: 'group'}, chapter.groups[kind] || kind), row);
  }
  slide.set();
};

// Linear classifiers on points of the plane: where which class has the least energy.
widgets.classes = (box, source) => {
  const task = data.classifiers.tasks.find(t => t.name === source);
  const colours = ['s1', 's2', 's3'];
  let run = task.runs[0];
  const canvas = make('canvas', {width: 480, height: 480, role: 'img', 'aria-label': 'decision regions'});
  const say = make('p', {class: 'say'}), curves = make('div', {}), r = task.reach;
  const rgb = name => { const h = colour(name); return [1, 3, 5].map(k => parseInt(h.slice(k, k + 2), 16)); };
  const update = pass => {
    const w = run.weights[pass], base = colours.map(rgb), paper = rgb('card').every(isFinite) ? rgb('card') : [255, 255, 255];
    const to = paint(canvas, 96, 96, (c, row) => {
      const x = -r + 2 * r * c / 95, y = -r + 2 * r * row / 95;
      const e = w.map(v => v[0] * x + v[1] * y + v[2]), order = e.map((v, k) => k).sort((a, b) => e[a] - e[b]);
      const strength = 0.12 + 0.4 * clamp((e[order[1]] - e[order[0]]) / 2, 0, 1);
      return base[order[0]].map((v, k) => strength * v + (1 - strength) * paper[k]);
    });
    for (const [x, y, k] of task.points) {
      to.beginPath();
      to.arc(240 * (1 + x / r), 240 * (1 - y / r), 5, 0, 7);
      to.fillStyle = colour(colours[k]);
      to.fill();
      to.strokeStyle = colour('card');
      to.stroke();
    }
    say.innerHTML = `<b>${run.becomes}</b> (${run.loss} loss), after ${pass} passes: loss ${show(run.losses[pass])}, errors ${(100 * run.errors[pass]).toFixed(1)} %.<br>Largest difference of a weight from the textbook's own loop: ${show(run.apart)}; of the loss from its closed form: ${show(run.off)}.`;
    const x = run.losses.map((_, k) => k);
    curves.innerHTML = chart({title: 'loss', x, cursor: pass, xTitle: 'pass', legend: false, height: 170, series: [{y: run.losses, colour: 's1'}]}) +
      chart({title: 'fraction wrong', x, cursor: pass, xTitle: 'pass', legend: false, height: 170, low: 0, series: [{y: run.errors, colour: 'bad'}]});
  };
  const slide = slider('pass', task.runs[0].losses.map((_, k) => k), p => p + '', update, task.runs[0].losses.length - 1);
  const choose = chooser('becomes', task.runs.map(t => t.becomes), i => { run = task.runs[i]; slide.set(); });
  box.append(make('div', {class: 'controls'}, ...choose.row, ...slide.row),
             make('div', {class: 'main'}, canvas, make('div', {}, say, curves)));
  slide.set();
};
)js"
                                            R"js(
// Energies of a handful of answers as bars; an arrow shows where the loss moves each.
const bars = ({energy, slope, truth, marked, low, high, unit, ghost}) => {
  const n = energy.length, width = 460, height = 290, left = 34, top = 14, bottom = 30;
  const px = k => left + (width - left) * (k + 0.5) / n, py = v => height - bottom - (height - top - bottom) * (clamp(v, low, high) - low) / (high - low);
  const zero = py(Math.max(0, low));
  let out = `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="energies of the answers and where the loss moves them">`;
  for (const v of nice(low, high)) out += `<line x1="${left}" x2="${width}" y1="${py(v)}" y2="${py(v)}" class="k-faint"/><text class="soft" x="${left - 5}" y="${py(v) + 4}" text-anchor="end">${+v.toPrecision(3)}</text>`;
  const arrow = (x, from, length, name, thick) => {
    if (Math.abs(length) < 0.7) return '';
    const to = from + length, head = Math.min(7, Math.abs(length)) * Math.sign(length);
    return `<line x1="${x}" x2="${x}" y1="${from}" y2="${to}" class="k-${name}" stroke-width="${thick}"/><polyline fill="none" class="k-${name}" stroke-width="${thick}" points="${x - 5},${to - head} ${x},${to} ${x + 5},${to - head}"/>`;
  };
  const wide = (width - left) / n * 0.55;
  energy.forEach((e, k) => {
    const name = k === truth ? 'good' : k === marked ? 'bad' : 's6', x = px(k), y = py(e);
    out += `<rect x="${x - wide / 2}" width="${wide}" y="${Math.min(y, zero)}" height="${Math.max(1, Math.abs(zero - y))}" class="f-${name}" opacity="0.35"/><line x1="${x - wide / 2}" x2="${x + wide / 2}" y1="${y}" y2="${y}" class="k-${name}" stroke-width="2.5"/>`;
    if (ghost) out += arrow(x + 7, y, clamp(ghost[k] * unit, -90, 90), 'faint', 5);
    out += arrow(x, y, clamp(slope[k] * unit, -90, 90), name === 's6' ? 'ink' : name, 2.2);
    out += `<text x="${x}" y="${height - 10}" text-anchor="middle" ${k === truth ? 'style="font-weight:700"' : 'class="soft"'}>${k === truth ? 'truth' : k + 1}</text>`;
  });
  return out + '</svg>';
};
const lowestOther = (energy, truth) => energy.reduce((best, e, k) => k !== truth && (best < 0 || e < energy[best]) ? k : best, -1);

widgets.arrows = box => {
  const all = data.arrows;
  let run = all.runs[0];
  const picture = make('div', {}), say = make('p', {class: 'say'}), curves = make('div', {});
  const update = step => {
    const s = run.steps[step], o = lowestOther(s.energy, all.truth);
    const flat = run.steps.flatMap(t => t.energy), low = Math.max(-3, Math.min(0, ...flat)), high = Math.min(5, Math.max(...flat) * 1.1);
    const strongest = Math.max(...run.steps[0].slope.map(Math.abs), 1e-9);
    picture.innerHTML = bars({energy: s.energy, slope: s.slope, truth: all.truth, marked: o, low, high, unit: 55 / strongest});
    say.innerHTML = `<b>${run.loss}</b>: L = ${run.equation}. After ${step} steps: L = ${show(s.value)}, E of the truth ${show(s.energy[all.truth])}, of the most offending answer ${show(s.energy[o])}.<br>Slope on the truth ${show(s.slope[all.truth])}, on the most offending ${show(s.slope[o])}. ${run.note}`;
    curves.innerHTML = chart({title: 'energies, step by step', x: run.steps.map((_, k) => k), cursor: step, xTitle: 'step', low, high, series:
      run.steps[0].energy.map((_, k) => ({name: k === all.truth ? 'truth' : '', y: run.steps.map(t => t.energy[k]), colour: k === all.truth ? 'good' : 's6', width: k === all.truth ? 2.5 : 1}))});
  };
  const slide = slider('step', run.steps.map((_, k) => k), v => v + '', update, 0);
  const choose = chooser('loss', all.runs.map(r => r.loss), i => { run = all.runs[i]; slide.set(); });
  box.append(make('div', {class: 'controls'}, ...choose.row, ...slide.row), make('div', {class: 'main'}, picture, make('div', {}, say, curves)));
  slide.set();
};

widgets.beta = box => {
  const all = data.beta, steps = all.steps.map((_, k) => k);
  const picture = make('div', {}), say = make('p', {class: 'say'}), curves = make('div', {});
  const update = k => {
    const s = all.steps[k], o = lowestOther(all.energy, all.truth);
    picture.innerHTML = bars({energy: all.energy, slope: s.slope, ghost: all.perceptron.slope, truth: all.truth, marked: o, low: 0, high: all.high, unit: 60});
    say.innerHTML = `<b>\u03b2 = ${show(s.beta)}</b>: L = ${show(s.value)}, the perceptron's is ${show(all.perceptron.value)}. P of the truth ${show(s.truth)}; of the lowest answer ${show(s.lowest)}. The contrast is less than log(${all.energy.length}) / \u03b2 = ${show(s.bound)} below the minimum.`;
    const x = all.steps.map(t => t.beta);
    curves.innerHTML = chart({title: 'L of NLL less L of the perceptron', x, xLog: true, cursor: s.beta, xTitle: '\u03b2', low: 0, high: 3, series: [
      {name: 'difference', y: all.steps.map(t => t.value - all.perceptron.value), colour: 's1'}, {name: 'log K / \u03b2', y: x.map(b => Math.log(all.energy.length) / b), colour: 's6', dash: true}]}) +
      chart({title: 'push on each answer', x, xLog: true, cursor: s.beta, xTitle: '\u03b2', legend: false, series:
        all.energy.map((_, i) => ({y: all.steps.map(t => t.slope[i]), colour: i === all.truth ? 'good' : i === o ? 'bad' : 's6', width: i === all.truth || i === o ? 2.4 : 1}))});
  };
  const slide = slider('\u03b2', steps, k => show(all.steps[k].beta), update, Math.floor(steps.length / 2));
  box.append(make('div', {class: 'controls'}, ...slide.row), make('div', {class: 'main'}, picture, make('div', {}, say, curves)));
  slide.set();
};

// A free energy over Z beside the minimum.
widgets.free = box => {
  const all = data.latent.slice;
  const picture = make('div', {}), say = make('p', {class: 'say'});
  const update = k => {
    const s = all.steps[k];
    picture.innerHTML = chart({title: 'energy of an answer Y', x: all.y, xTitle: 'Y', low: all.low, high: all.high, width: box.clientWidth < 560 ? 360 : 560, height: box.clientWidth < 560 ? 230 : 300, series: [
      ...all.energies.map(e => ({y: e, colour: 's6', width: 1})), {name: 'min over Z', y: all.minimum, colour: 's1', width: 2.2},
      {name: 'free energy F', y: s.free, colour: 's2', width: 2.6}, {name: 'min \u2212 log K / \u03b2', y: all.minimum.map(v => v - s.bound), colour: 's1', width: 1, dash: true}]});
    say.innerHTML = `<b>\u03b2 = ${show(s.beta)}</b>: F lies at most log(${all.energies.length}) / \u03b2 = ${show(s.bound)} below the minimum; at its furthest it is ${show(s.furthest)} below.`;
  };
  const slide = slider('\u03b2', all.steps.map((_, k) => k), k => show(all.steps[k].beta), update, Math.floor(all.steps.length / 3));
  box.append(make('div', {class: 'controls'}, ...slide.row), picture, say);
  slide.set();
};

// Gradient descent on the loss surface of a net of two weights.
widgets.descent = box => {
  const all = data.descent, e = bytes(all.surface), side = all.side, r = all.reach;
  const canvas = make('canvas', {width: 520, height: 520, role: 'img', 'aria-label': 'loss surface with paths of descent'});
  const say = make('p', {class: 'say'}), curves = make('div', {});
  const colours = ['#ffffff', '#ff7a1a', '#ff5fa2', '#8fe3ff', '#ffe14d', '#c9a6ff'];
  const update = step => {
    const to = paint(canvas, side, side, (c, row) => e[row * side + c] / 255), n = canvas.width;
    const at = ([a, b]) => [n / 2 * (1 + a / r), n / 2 * (1 - b / r)];
    all.paths.forEach((path, i) => {
      to.strokeStyle = to.fillStyle = colours[i % colours.length];
      to.lineWidth = 3;
      to.beginPath();
      path.weights.slice(0, step + 1).forEach(w => to.lineTo(...at(w)));
      to.stroke();
      const [x, y] = at(path.weights[step]);
      to.beginPath();
      to.arc(x, y, 7, 0, 7);
      to.fill();
    });
    say.innerHTML = `After <b>${step}</b> steps: ` + all.paths.map((p, i) => `<span style="white-space:nowrap"><i style="display:inline-block;width:.7rem;height:.7rem;border-radius:50%;background:${colours[i % colours.length]};border:1px solid var(--soft)"></i> L = ${show(p.losses[step])}</span>`).join(', ') + '.';
    curves.innerHTML = chart({title: 'loss along each path', x: all.paths[0].losses.map((_, k) => k), cursor: step, xTitle: 'step', legend: false, low: 0, high: 0.5, series:
      all.paths.map(p => ({y: p.losses, colour: 's1', width: 1.3}))});
  };
  const slide = slider('step', all.paths[0].losses.map((_, k) => k), v => v + '', update, all.paths[0].losses.length - 1);
  box.append(make('div', {class: 'controls'}, ...slide.row),
             make('div', {class: 'main'}, make('div', {}, canvas, make('div', {class: 'scale'}, 'L = 0', make('i', {style: 'background:' + kGradient}), show(all.high) + ' and more')), make('div', {}, say, curves)));
  slide.set();
};

for (const box of document.querySelectorAll('[data-widget]')) widgets[box.dataset.widget](box, box.dataset.source);
document.body.dataset.ready = 'yes';
})();
)js";

}  // namespace ebm::app
