// The page of a campaign. All text comes from the data and is set as text, never as markup.
// After a change here run: ci/test -L browser
const number = n => n.toLocaleString('en-US');
const counted = (n, one, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`;
const badge = verdict =>
  element('span', {class: `badge ${verdict.toLowerCase().replace(' ', '-')}`}, verdict);
const between = (parts, mark) => parts.flatMap((p, i) => (i ? [mark, p] : [p]));
// "a", "a and b", "a, b and 7 more"
const listed = (names, inAll = names.length) => {
  const all = inAll > 3 ? [...names.slice(0, 2), `${number(inAll - 2)} more`] : names;
  return [all.slice(0, -1).join(', '), ...all.slice(-1)].filter(Boolean).join(' and ');
};

// ---- The verdict, and the targets

function drawVerdict() {
  const failing = data.targets.filter(t => t.failures > 0).map(t => t.name);
  const unseen = data.targets.filter(t => t.verdict === 'no evidence').map(t => t.name);
  let said = `No failure on ${listed(
    data.targets.map(t => t.name),
    data.targets_in_all,
  )}`;
  if (unseen.length) said += `, but no evidence on ${listed(unseen)}`;
  if (data.failed)
    said = `${counted(data.failures_in_all, 'failure')} on ${listed(failing, data.failing_in_all)}`;
  document.title = `${data.failed ? 'FAIL' : 'pass'}: ${said}`;
  byId('verdict').append(badge(data.failed ? 'FAIL' : 'pass'), said);
  byId('kicker').textContent = [
    'Campaign of ' + listed(data.engines.map(e => e.name)),
    `seed ${data.seed}`,
    ...(data.record ? [data.record.date, `${data.record.seconds} s`] : []),
    ...(data.shards.length ? [`shards ${data.shards.join(', ')}`] : []),
    `tailrace-verify ${data.tool}`,
  ].join(' \u00b7 ');
  sayLeftOut(' report.json and summary.txt, beside this page, have all of it.');
}

const meaning = {pass: 'pass', FAIL: 'FAIL', skipped: 'skipped', waits: 'wait for an engine'};

function drawTarget(t) {
  const bar = element('div', {class: 'proportion', 'aria-hidden': true});
  const counts = element('ul', {class: 'counts'});
  for (const [verdict, n] of Object.entries(t.counts)) {
    if (n > 0) bar.append(element('i', {class: verdict.toLowerCase(), style: `flex-grow: ${n}`}));
    counts.append(
      element(
        'li',
        {class: n ? verdict.toLowerCase() : 'none'},
        element('b', {}, number(n)),
        ` ${meaning[verdict]}`,
      ),
    );
  }
  const unknown = t.unknown.map(u => element('li', {}, badge('UNKNOWN'), u));
  const head = element('h2', {}, badge(t.verdict), t.name);
  if (t.failures) head.append(element('small', {}, counted(t.failures, 'failure')));
  return element(
    'section',
    {class: 'target', 'aria-label': t.name},
    head,
    element('p', {class: 'notice'}, t.summary),
    bar,
    counts,
    element('ul', {class: 'unknowns'}, ...unknown),
  );
}

// ---- The failures

const hasClause = new Set(data.clauses.map(c => c.name));

function linkToClause(name) {
  const code = element('code', {}, name);
  return hasClause.has(name) ? element('a', {href: `#clause-${name}`}, code) : code;
}

function drawFailure(f, index) {
  const id = index + 1;
  const links = f.links.map(l => element('a', {href: l.file}, l.what));
  const head = element(
    'summary',
    {},
    badge('FAIL'),
    element('span', {class: 'what'}, f.times > 1 ? `${f.what} (${f.times} times)` : f.what),
    element('span', {class: 'who'}, `${f.target} \u00b7 ${f.engine}`),
  );
  const box = element(
    'details',
    {class: 'failure', id: `failure-${id}`},
    head,
    element(
      'ul',
      {class: 'clauses', 'aria-label': 'Clauses broken'},
      ...f.clauses.map(c =>
        element('li', {}, linkToClause(c.name), c.promise),
      ),
    ),
  );
  if (f.place && !f.command.includes(f.place))
    box.append(element('p', {class: 'notice'}, `At ${f.place}`));
  const button = {
    'data-copies': `command-${id}`,
    'aria-label': `Copy the command of failure ${id}`,
  };
  box.append(
    element(
      'div',
      {class: 'copy'},
      element('pre', {class: 'command', id: `command-${id}`, tabindex: 0}, f.command),
      element('button', button, 'Copy'),
    ),
  );
  if (links.length)
    box.append(element('p', {class: 'links'}, 'Files: ', ...between(links, ' \u00b7 ')));
  box.append(
    element('pre', {class: 'log', tabindex: 0, 'aria-label': `Log of failure ${id}`}, f.log),
  );
  box.open = data.failures.length <= 3 || index === 0;
  return box;
}

// ---- The clauses: a row for each, and one below it that opens

const brief = on =>
  on.why || on.evidence.map(e => counted(e.count, e.one, e.unit)).join(' \u00b7 ');

const rows = []; // {clause, row, button, more, words}, in the order of the contract

function drawDetails(clause) {
  const all = clause.targets.map((on, t) => {
    const {name} = data.targets[t];
    const said = on.evidence.map(e =>
      element(
        'li',
        {},
        element('b', {}, e.engine),
        `: ${counted(e.count, e.one, e.unit)}`,
        ...(e.first ? [', first ', element('code', {}, e.first)] : []),
      ),
    );
    data.failures.forEach((f, i) => {
      if (f.target !== name || !f.clauses.some(c => c.name === clause.name)) return;
      said.push(
        element(
          'li',
          {},
          element('b', {}, f.engine),
          ': ',
          element('a', {href: `#failure-${i + 1}`}, `failure ${i + 1}`),
          ...(f.place ? [', at ', element('code', {}, f.place)] : []),
        ),
      );
    });
    if (on.why && on.verdict !== 'FAIL') said.push(element('li', {}, on.why));
    return element(
      'div',
      {class: 'on'},
      element('p', {}, badge(on.verdict), name),
      element('ul', {}, ...said),
    );
  });
  const seen = element('p', {class: 'notice'}, `Can be observed by: ${clause.seen_by.join(', ')}.`);
  return element('div', {class: 'evidence'}, seen, ...all);
}

function toggle(r, open = r.more.hidden) {
  if (open && !r.more.firstChild.hasChildNodes()) r.more.firstChild.append(drawDetails(r.clause));
  r.more.hidden = !open;
  r.button.setAttribute('aria-expanded', open);
}

function drawClause(clause) {
  const button = element(
    'button',
    {class: 'name', 'aria-expanded': false, tabindex: -1},
    clause.name,
  );
  const cells = clause.targets.map((on, t) =>
    element(
      'td',
      {'data-target': data.targets[t].name},
      badge(on.verdict),
      element('span', {class: 'brief'}, brief(on)),
    ),
  );
  const row = element(
    'tr',
    {class: 'clause', id: `clause-${clause.name}`},
    element('th', {scope: 'row'}, button, element('span', {class: 'promise'}, clause.promise)),
    ...cells,
  );
  const more = element('tr', {class: 'more'}, element('td', {colspan: cells.length + 1}));
  more.hidden = true;
  const places = clause.targets.flatMap(on => on.evidence.map(e => `${e.engine} ${e.first}`));
  const words = [
    clause.name,
    clause.promise,
    data.sections[clause.section - 1],
    ...places,
    ...clause.targets.map(on => on.why),
  ]
    .join(' ')
    .toLowerCase();
  const r = {clause, row, button, more, words};
  button.addEventListener('click', () => {
    select(rows.indexOf(r));
    toggle(r);
  });
  rows.push(r);
  return [row, more];
}

function drawMatrix() {
  const head = element(
    'tr',
    {},
    element('th', {scope: 'col'}, 'Clause'),
    ...data.targets.map(t => element('th', {scope: 'col'}, t.name)),
  );
  const table = element('table', {}, element('thead', {}, head));
  for (const section of new Set(data.clauses.map(c => c.section))) {
    const title = `${section}. ${data.sections[section - 1]}`;
    const body = element(
      'tbody',
      {},
      element(
        'tr',
        {class: 'title'},
        element('th', {scope: 'rowgroup', colspan: data.targets.length + 1}, title),
      ),
    );
    for (const c of data.clauses) if (c.section === section) body.append(...drawClause(c));
    table.append(body);
  }
  byId('matrix').append(table);
  byId('matrix').classList.toggle('wide', data.targets.length > 4);
}

// ---- Which clauses are shown, and which of them the keys act on

let here = 0;
let wanted = ''; // the verdict; nothing: any

const shown = () => rows.filter(r => !r.row.hidden);

function select(index, focus) {
  rows[here]?.row.classList.remove('here');
  rows[here]?.button.setAttribute('tabindex', -1);
  here = index;
  const r = rows[here];
  if (!r) return;
  r.row.classList.add('here');
  r.button.setAttribute('tabindex', 0);
  if (!focus) return;
  r.button.focus({preventScroll: true});
  // Neither below the names of the targets, which stay, nor at the very edge.
  const head = byId('matrix').querySelector('thead').offsetHeight;
  r.row.style.scrollMargin = `${head + 12}px 0 32px`;
  r.row.scrollIntoView({block: 'nearest'});
}

// From the clause that is selected to another that is shown; first of all to it.
function move(to) {
  const all = shown();
  const at = all.indexOf(rows[here]);
  const inside = byId('matrix').contains(document.activeElement);
  const next = Math.min(Math.max(inside ? to(at) : at, 0), all.length - 1);
  if (next >= 0) select(rows.indexOf(all[next]), true);
}

function filter() {
  const words = byId('filter').value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const r of rows) {
    const fits =
      words.every(w => r.words.includes(w)) &&
      (!wanted || r.clause.targets.some(on => on.verdict === wanted));
    r.row.hidden = !fits;
    if (!fits) toggle(r, false);
  }
  document.querySelectorAll('#matrix tbody').forEach(body => {
    body.hidden = !body.querySelector('.clause:not([hidden])');
  });
  document
    .querySelectorAll('#choices button')
    .forEach(b => b.setAttribute('aria-pressed', b.dataset.verdict === wanted));
  const all = shown();
  byId('shown').textContent = all.length
    ? `${number(all.length)} of ${counted(rows.length, 'clause')}`
    : `None of ${counted(rows.length, 'clause')} fits`;
  if (all.length && !all.includes(rows[here])) select(rows.indexOf(all[0]));
}

function choose(verdict) {
  wanted = verdict;
  filter();
}

function drawChoices() {
  for (const verdict of ['', ...Object.keys(meaning)]) {
    const n = verdict
      ? rows.filter(r => r.clause.targets.some(on => on.verdict === verdict)).length
      : rows.length;
    const b = element(
      'button',
      {'data-verdict': verdict},
      verdict ? badge(verdict) : 'all',
      element('small', {}, number(n)),
    );
    b.addEventListener('click', () => choose(verdict));
    byId('choices').append(b);
  }
  byId('filter').addEventListener('input', filter);
}

// ---- What ran

function drawTable(what, run, heads, rows) {
  const cells = (name, texts) => element('tr', {}, ...texts.map(t => element(name, {}, t)));
  const table = element(
    'table',
    {},
    element('thead', {}, cells('th', heads)),
    element('tbody', {}, ...rows.map(r => cells('td', r))),
  );
  const label = `${what}, ${run.engine} on ${run.target}`;
  return element('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label}, table);
}

const drawStates = run =>
  drawTable(
    'Coverage goals',
    run,
    ['verdict', 'state', 'reached by', 'required', `of ${run.unit}`],
    run.states.map(s => [
      badge(s.verdict),
      s.what,
      number(s.reached),
      number(s.required),
      number(s.of),
    ]),
  );

// Of `interleavings --exhaustive`: in how many programs which operations met in which state. The
// names are like "met r.try_recv s.send full".
const isMeeting = name => name.startsWith('met ');

function drawMeetings(run, meetings) {
  const rows = new Map();
  const states = new Set();
  for (const [name, n] of meetings) {
    const [, one, other, ...words] = name.split(' ');
    const state = words.join(' ');
    states.add(state);
    const operations = `${one} ${other}`;
    rows.set(operations, {...rows.get(operations), [state]: number(n)});
  }
  return drawTable(
    'Operations that met',
    run,
    ['operations', ...states],
    [...rows].map(([operations, row]) => [operations, ...[...states].map(s => row[s] ?? '-')]),
  );
}

function fold(title, open, ...inside) {
  const made = element('details', {}, element('summary', {}, ...title), ...inside);
  made.open = open;
  return made;
}

function drawRun(run) {
  const box = element(
    'article',
    {class: 'run'},
    element('h4', {}, badge(run.failures ? 'FAIL' : 'pass'), run.target),
    element('p', {class: 'summary'}, run.summary),
  );
  const facts = [...run.rates];
  for (const [what, n] of Object.entries(run.skipped))
    facts.push(`${number(n)} ${run.unit} skipped: no capability ${what}`);
  if (facts.length) box.append(element('p', {class: 'notice'}, facts.join(' \u00b7 ')));
  if (run.numbers.unknown)
    box.append(element('p', {}, badge('UNKNOWN'), `${number(run.numbers.unknown)} ${run.unit}`));
  const {state_counts: counts} = run;
  if (run.states.length) {
    const title = Object.entries(counts)
      .filter(([, n]) => n > 0)
      .map(([verdict, n]) => element('span', {}, badge(verdict), number(n)));
    box.append(fold(['Coverage goals ', ...title], counts.MISSED > 0, drawStates(run)));
  }
  const meetings = Object.entries(run.numbers).filter(([name]) => isMeeting(name));
  if (meetings.length)
    box.append(fold(['Operations that met'], false, drawMeetings(run, meetings)));
  const numbers = Object.entries(run.numbers)
    .filter(([name]) => !isMeeting(name))
    .map(([name, n]) =>
      element('li', {}, `${name.replaceAll('_', ' ')} `, element('b', {}, number(n))),
    );
  if (numbers.length)
    box.append(fold(['Numbers'], false, element('ul', {class: 'counts'}, ...numbers)));
  return box;
}

function drawRuns() {
  for (const engine of data.engines) {
    const runs = data.runs.filter(r => r.engine === engine.name);
    byId('runs').append(
      element(
        'section',
        {class: 'engine', 'aria-label': engine.name},
        element('h3', {}, engine.name, element('small', {}, engine.summary)),
        ...runs.map(drawRun),
      ),
    );
  }
}

// ---- Links inside the page, and keys

function follow(event) {
  const link = event.target.closest('a[href^="#"]');
  if (!link) return;
  event.preventDefault();
  const to = byId(link.getAttribute('href').slice(1));
  if (to.matches('.failure')) {
    to.open = true;
    to.querySelector('summary').focus();
    to.scrollIntoView();
    return;
  }
  byId('filter').value = '';
  choose('');
  const index = rows.findIndex(r => r.row === to);
  toggle(rows[index], true);
  select(index, true);
}

function keyInFilter(event) {
  if (event.key === 'Escape') {
    event.target.value = '';
    choose('');
  } else if (event.key === 'ArrowDown' || event.key === 'Enter') {
    const [first] = shown();
    if (first) select(rows.indexOf(first), true);
  } else return false;
  return true;
}

function key(event) {
  if (event.target.closest('input')) return keyInFilter(event);
  const next = {j: at => at + 1, k: at => at - 1};
  const inList = {ArrowDown: next.j, ArrowUp: next.k, Home: () => 0, End: () => rows.length};
  if (event.key === '/') byId('filter').focus();
  else if (event.key in next) move(next[event.key]);
  else if (event.key in inList && event.target.closest('#matrix')) move(inList[event.key]);
  else return false;
  return true;
}

drawVerdict();
byId('targets').append(...data.targets.map(drawTarget));
byId('failures-section').hidden = data.failures.length === 0;
byId('failures').append(...data.failures.map(drawFailure));
drawMatrix();
drawChoices();
drawRuns();
filter();
select(0);
document.addEventListener('click', follow);
listen(key);
