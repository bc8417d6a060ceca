// The page of a counterexample. All text comes from the data and is set as text, never as markup.
// After a change here run: ci/test -L browser
const all = [...data.points, ...data.refused.map(p => ({...p, refused: true}))];

function shape(name, attributes = {}, text) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// ---- Where things stand: each instant has a gap behind it, wide enough for the points in it.

const nameWidth = 84,
  laneHeight = 76,
  barHeight = 48,
  gapWidth = 18,
  pointWidth = 34,
  letter = 7.3;

// In the order of the linearization each point stands as early as its event and the one before allow.
function gapsOfPoints() {
  let gap = 0;
  return all.map(p => {
    const {from, to} = data.lanes[p.lane].events[p.event];
    const atRest = p.refused && to === null ? (data.rest ?? 0) : 0;
    gap = Math.max(gap, from, atRest);
    return gap;
  });
}

function layout() {
  const gaps = gapsOfPoints();
  const events = data.lanes.flatMap(lane => lane.events);
  const last = Math.max(1, ...events.map(e => Math.max(e.from, e.to ?? 0)), ...gaps) + 1;
  const width = Array(last + 1).fill(gapWidth);
  for (const g of gaps) width[g] += pointWidth;
  const between = (from, to) => width.slice(from, to).reduce((sum, w) => sum + w, 0);
  for (const e of [...events].sort((a, b) => (a.to ?? last) - (b.to ?? last))) {
    const to = e.to ?? last;
    const need = Math.max(e.label.length, (e.answer ?? 'asleep').length + 3) * letter + 20;
    width[to - 1] += Math.max(0, need - between(e.from, to));
  }
  // A short history is stretched to the width of the chart.
  const room = byId('chart').clientWidth - nameWidth - 80;
  const stretch = Math.min(1.7, Math.max(1, room / between(0, last + 1)));
  width.forEach((w, i) => {
    width[i] = w * stretch;
  });
  const at = [nameWidth];
  for (const w of width) at.push(at.at(-1) + w);
  const taken = Array(last + 1).fill(0);
  const x = gaps.map(g => at[g] + gapWidth / 2 + pointWidth * (taken[g]++ + 0.5));
  return {at, last, x, end: at[last] + 60};
}

const place = layout();
const laneTop = i => 10 + i * laneHeight;
const stripTop = laneTop(data.lanes.length) + 8;
const stripHeight = 26,
  mostBuffered = 4;
const bufferRows = Math.min(
  mostBuffered,
  Math.max(1, ...data.points.map(p => wordsOf(p.state)?.buffer.length ?? 0)),
);

// ---- Drawing

function drawEvent(e, lane, index) {
  const bad = data.refused.some(p => p.lane === lane && p.event === index);
  const open = e.to === null;
  const left = place.at[e.from],
    right = open ? place.end - 6 : place.at[e.to] - 4;
  const top = laneTop(lane) + 8;
  const group = shape('g', {
    class: `event${e.waits ? ' waits' : ''}${open ? ' open' : ''}${bad ? ' bad' : ''}`,
    'data-event': `${lane}/${index}`,
  });
  group.append(
    shape('title', {}, `${e.label} -> ${e.answer ?? 'never answered'}`),
    shape('rect', {x: left, y: top, width: Math.max(8, right - left), height: barHeight, rx: 6}),
    shape('text', {x: left + 9, y: top + 16}, e.label),
    shape('text', {x: left + 9, y: top + 32, class: 'answer'}, `\u2192 ${e.answer ?? 'asleep'}`),
  );
  return group;
}

// How many permits are free and what is buffered, parsed from the text of the state.
function wordsOf(state) {
  const found = /\bmax (\d+) available (\d+)/.exec(state ?? '');
  const buffer = / \| buffer ([^|]*)/.exec(state ?? '');
  return (
    found && {max: +found[1], free: +found[2], buffer: buffer ? buffer[1].trim().split(' ') : []}
  );
}

function drawStrip(p, x) {
  const words = wordsOf(p.state);
  if (!words || p.refused) return [];
  const {max, free, buffer} = words;
  const level = ((stripHeight - 2) * free) / max;
  const shown = buffer.slice(0, buffer.length > mostBuffered ? mostBuffered - 1 : mostBuffered);
  if (shown.length < buffer.length) shown.push(`+${buffer.length - shown.length}`);
  const y = stripTop + stripHeight;
  return [
    shape('rect', {
      class: 'strip-cell',
      x: x - 11,
      y: stripTop,
      width: 22,
      height: stripHeight,
      rx: 3,
    }),
    shape('rect', {
      class: 'strip-fill',
      x: x - 10,
      y: y - 1 - level,
      width: 20,
      height: level,
      rx: 2,
    }),
    shape('text', {class: 'strip-text', x, y: stripTop + 17}, free),
    ...shown.map((v, i) => shape('text', {class: 'strip-text', x, y: y + 18 + 13 * i}, v)),
  ];
}

function drawPoint(p, index) {
  const x = place.x[index],
    y = laneTop(p.lane) + 8 + barHeight;
  const kind = p.refused ? ' refused' : p.request ? ' request' : '';
  const group = shape('g', {
    class: `point${kind}`,
    role: 'button',
    tabindex: -1,
    'data-point': index,
    'aria-label':
      `${p.refused ? 'Impossible' : `Point ${index + 1}`}: ` +
      `${data.lanes[p.lane].name}, ${p.text}`,
  });
  const mark = p.refused
    ? shape('rect', {
        class: 'mark',
        x: x - 7,
        y: y - 7,
        width: 14,
        height: 14,
        rx: 2,
        transform: `rotate(45 ${x} ${y})`,
      })
    : shape('circle', {class: 'mark', cx: x, cy: y, r: 9});
  group.append(
    shape('line', {class: 'stem', x1: x, x2: x, y1: y + 10, y2: stripTop - 2}),
    mark,
    shape('circle', {class: 'halo', cx: x, cy: y, r: 13}),
    shape('text', {x, y: y + 3.6}, p.refused ? '!' : index + 1),
    ...drawStrip(p, x),
  );
  group.addEventListener('click', () => select(index, true));
  return group;
}

function drawChart() {
  const height = stripTop + stripHeight + 12 + 13 * bufferRows;
  const svg = shape('svg', {width: place.end, height, viewBox: `0 0 ${place.end} ${height}`});
  data.lanes.forEach((lane, i) => {
    const middle = laneTop(i) + 8 + barHeight / 2;
    svg.append(
      shape('text', {class: 'lane-name', x: 2, y: middle + 4}, lane.name),
      shape('line', {class: 'rail', x1: nameWidth, x2: place.end, y1: middle, y2: middle}),
    );
  });
  svg.append(
    shape('text', {class: 'lane-name', x: 2, y: stripTop + 17}, 'free'),
    shape('text', {class: 'lane-name', x: 2, y: stripTop + stripHeight + 18}, 'buffer'),
  );
  if (data.rest !== null) {
    const x = place.at[Math.min(data.rest, place.last)];
    svg.append(
      shape('line', {class: 'rest', x1: x, x2: x, y1: 2, y2: stripTop - 4}),
      shape('text', {class: 'rest-text', x: x + 4, y: 10}, 'quiescent'),
    );
  }
  data.lanes.forEach((lane, i) => lane.events.forEach((e, k) => svg.append(drawEvent(e, i, k))));
  all.forEach((p, i) => svg.append(drawPoint(p, i)));
  byId('chart').append(svg);
}

// ---- What is selected

let here = 0;

function chips(words, before) {
  return words.map(w => element('span', {class: before.includes(w) ? 'chip' : 'chip new'}, w));
}

// "max 1 available 0 | buffer v1 | ..." as a list: what is new since the point before is marked.
function stateList(state, before) {
  const parts = text =>
    (text ?? '')
      .split(' | ')
      .filter(Boolean)
      .map(part => {
        const [head, ...words] = part.split(' ');
        return head === 'max' ? ['capacity', words.slice(0, 1), words.slice(1)] : [head, words, []];
      });
  const list = element('dl', {class: 'parts'});
  const known = Object.fromEntries(
    parts(before).map(([head, words, more]) => [head, [...words, more.join(' ')]]),
  );
  for (const [head, words, more] of parts(state)) {
    const shown = more.length ? [...words, more.join(' ')] : words;
    list.append(
      element('dt', {}, head),
      element('dd', {}, ...chips(shown, before ? (known[head] ?? []) : shown)),
    );
  }
  return list;
}

function showState(p) {
  const before = p.refused ? data.points.at(-1) : all[here - 1];
  const said = element(
    'p',
    {class: p.refused ? 'said refused' : 'said'},
    element('b', {}, p.refused ? 'Impossible  ' : `${here + 1}  `),
    p.text,
  );
  byId('state').replaceChildren(
    said,
    element(
      'p',
      {class: 'who'},
      p.refused ? 'The specification after the legal answer' : 'The specification after it',
    ),
    stateList(p.state, before?.state),
    ...(p.target
      ? [
          element('p', {class: 'who'}, `${data.target} says of itself`),
          element('p', {class: 'said'}, p.target),
        ]
      : []),
  );
}

function select(index, focus) {
  here = Math.min(Math.max(index, 0), all.length - 1);
  if (here < 0) return;
  const p = all[here];
  document.querySelectorAll('.point').forEach((g, i) => {
    g.classList.toggle('here', i === here);
    g.classList.toggle('later', i > here);
    g.setAttribute('tabindex', i === here ? 0 : -1);
    g.setAttribute('aria-pressed', i === here);
    if (i === here) {
      if (focus) g.focus({preventScroll: true});
      const chart = byId('chart');
      const x = place.x[i];
      if (x < chart.scrollLeft + 120 || x > chart.scrollLeft + chart.clientWidth - 120)
        chart.scrollLeft = x - chart.clientWidth / 2;
    }
  });
  const begun = new Set(all.slice(0, here + 1).map(q => `${q.lane}/${q.event}`));
  document
    .querySelectorAll('.event')
    .forEach(g => g.classList.toggle('later', !begun.has(g.dataset.event)));
  document
    .querySelectorAll('#accesses tbody tr')
    .forEach(r => r.classList.toggle('other', r.dataset.event !== `${p.lane}/${p.event}`));
  byId('position').textContent = p.refused ? `impossible` : `${here + 1} of ${data.points.length}`;
  showState(p);
}

// ---- The rest of the page

function drawReasons() {
  const code = text => element('code', {}, text);
  if (data.reasons.length === 0) {
    // The answers are linearizable; the failure is elsewhere.
    byId('why-title').textContent = 'What went wrong';
    byId('why').append(element('p', {class: 'said'}, data.what));
    const last = data.accesses.at(-1);
    if (last) {
      byId('why').append(
        element('p', {class: 'who'}, `In ${data.lanes[last.lane].name}, at the last access:`),
        element('p', {}, code(`${last.site} ${last.value}`)),
      );
    }
  }
  for (const r of data.reasons) {
    const box = element('div', {class: 'reason'});
    const got = element('span', {class: 'got'}, code(r.got));
    const legal = element('span', {class: 'legal'}, code(r.legal.join(', or ') || 'nothing yet'));
    box.append(
      element('p', {class: 'said'}, `${r.where}: ${r.asked}`),
      element('p', {}, 'Got ', got, '. Legal: ', legal, '.'),
    );
    if (r.because.length) {
      box.append(
        element('p', {class: 'who'}, 'Without any of these the answer would be different:'),
        element('ul', {}, ...r.because.map(b => element('li', {}, code(b)))),
      );
    }
    byId('why').append(box);
  }
}

function drawAccesses() {
  if (data.accesses.length === 0) return;
  byId('accesses-section').hidden = false;
  const head = element('tr', {}, element('th', {scope: 'col'}, '#'));
  for (const lane of data.lanes) head.append(element('th', {scope: 'col'}, lane.name));
  const body = element('tbody');
  data.accesses.forEach((a, i) => {
    const row = element(
      'tr',
      {'data-event': `${a.lane}/${a.event}`},
      element('td', {}, String(i + 1)),
    );
    data.lanes.forEach((_, lane) => {
      const cell = element('td');
      if (lane === a.lane) {
        cell.append(`${a.site} = ${a.value} `, element('span', {class: 'order'}, a.order));
        if (a.stale) {
          cell.className = 'stale';
          cell.append(' stale');
        }
      }
      row.append(cell);
    });
    body.append(row);
  });
  byId('accesses').append(element('table', {}, element('thead', {}, head), body));
}

function fill() {
  document.title = `${data.target}: ${data.what}`;
  byId('kicker').append(
    element('b', {}, 'Failed'),
    ` on ${data.target}, capacity ${data.capacity} \u00b7 ` +
      `${data.engine} \u00b7 ${data.origin} \u00b7 tailrace-verify ${data.tool}`,
  );
  byId('what').textContent = data.what;
  byId('what').after(element('p', {class: 'notice'}, data.property));
  for (const c of data.clauses)
    byId('clauses').append(element('li', {}, element('code', {}, c.name), c.promise));
  byId('command').textContent = data.command;
  byId('regression').textContent = data.regression;
  sayLeftOut();
}

function key(event) {
  const steps = {ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: all.length - 1};
  const point = event.target.closest('.point');
  if (event.key in steps) select(steps[event.key], true);
  else if ((event.key === 'Enter' || event.key === ' ') && point)
    select(+point.dataset.point, true);
  else return false;
  return true;
}

fill();
drawChart();
drawReasons();
drawAccesses();
byId('previous').addEventListener('click', () => select(here - 1));
byId('next').addEventListener('click', () => select(here + 1));
listen(key);
select(all.length - 1);
