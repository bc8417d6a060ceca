// What a browser makes of the page of a campaign: every clause and every failure is there, the keys
// do what the help says, the filters leave what they should, links inside the page arrive.
// After a change here run: ci/test -L browser

const all = selector => `[...document.querySelectorAll('${selector}')]`;
const rows = all('#matrix .clause');
const shown = `${rows}.filter(r => r.checkVisibility()).map(r => r.id.slice(7))`;
const here = `${all('#matrix .here')}.map(r => r.id.slice(7))`;
const focused = `(e => e.closest('.clause')?.id.slice(7) ?? e.id)(document.activeElement)`;

// Is what has the focus outside of the window, or below something else?
const covered = `(() => {
  const {left, top, height} = document.activeElement.getBoundingClientRect();
  return document.elementFromPoint(left + 4, top + height / 2) !== document.activeElement;
})()`;

async function checkContent(browser, expect) {
  const same = async (found, wanted, what) =>
    expect(await browser.evaluate(found), await browser.evaluate(wanted), what);
  await same(shown, 'data.clauses.map(c => c.name)', 'clauses that are shown');
  await same(
    `${rows}.map(r => r.querySelector('.promise').textContent)`,
    'data.clauses.map(c => c.promise)',
    'promises',
  );
  await same(
    `${rows}.flatMap(r => [...r.querySelectorAll('td .badge')].map(b => b.textContent))`,
    'data.clauses.flatMap(c => c.targets.map(on => on.verdict))',
    'verdicts',
  );
  await same(
    `${all('.target')}.map(t => [...t.querySelectorAll('.counts b')].map(b => b.textContent))`,
    `data.targets.map(t => Object.values(t.counts).map(n => n.toLocaleString('en-US')))`,
    'counts of targets',
  );
  await same(
    `${all('.failure')}.map(f => ['.log', '.command'].map(s => f.querySelector(s).textContent))`,
    'data.failures.map(f => [f.log, f.command])',
    'failures: their logs and commands',
  );
  await same(
    `${all('.failure .links a')}.map(a => a.getAttribute('href'))`,
    'data.failures.flatMap(f => f.links.map(l => l.file))',
    'links to files',
  );
  await same(
    `${all('.run')}.map(r => [r.querySelector('.summary').textContent,
      ...['Coverage', 'Operations'].map(what =>
        r.querySelectorAll(\`[aria-label^=\${what}] tbody tr\`).length)])`,
    `data.runs.map(r => [r.summary, r.states.length, new Set(Object.keys(r.numbers)
      .filter(n => n.startsWith('met ')).map(n => n.split(' ', 3).join(' '))).size])`,
    'runs: their summaries, states, and operations that met',
  );
  await same(
    `document.querySelector('#verdict .badge').textContent`,
    `data.failed ? 'FAIL' : 'pass'`,
    'the verdict',
  );
  await same(`!document.querySelector('#left-out').hidden`, 'data.left_out.length > 0', 'left out');
  await same(`document.querySelector('#log').textContent.length > 0`, 'true', 'the summary');
}

// Colour is never all there is: a badge has a word, and a sign before it.
const signs = `[...new Set([...document.querySelectorAll('.badge')].map(b =>
  b.textContent + ' ' + (getComputedStyle(b, '::before').content.length > 6)))]
  .filter(said => !/^[\\w ]+ true$/.test(said))`;

async function checkKeys(browser, expect) {
  const names = await browser.evaluate(shown);
  const at = async (place, what) => {
    expect(await browser.evaluate(focused), names.at(place), `focus ${what}`);
    expect(await browser.evaluate(here), [names.at(place)], `selected ${what}`);
  };
  expect(await browser.evaluate(here), [names[0]], 'selected at first');
  await browser.press('j');
  await at(0, 'after j: on the list');
  await browser.press('j');
  await at(1, 'after j');
  await browser.press('ArrowDown');
  await at(2, 'after an arrow down');
  await browser.press('k');
  await at(1, 'after k');
  await browser.press('ArrowUp');
  await at(0, 'after an arrow up');
  await browser.press('ArrowUp');
  await at(0, 'with nothing above');
  await browser.press('End');
  await at(-1, 'after End');
  await browser.press('j');
  await at(-1, 'with nothing below');
  expect(await browser.evaluate(covered), false, 'what has the focus is seen below');
  for (let i = 0; i < 30; ++i) await browser.press('k');
  await at(-31, 'after many k');
  expect(await browser.evaluate(covered), false, 'what has the focus is seen above');
  expect(await browser.evaluate(`document.activeElement.matches(':focus-visible')`), true, 'focus');
  expect(
    await browser.evaluate(`document.querySelectorAll('#matrix button[tabindex="0"]').length`),
    1,
    'tab stops in the list',
  );
  await browser.press('Home');
  await at(0, 'after Home');
  await browser.press('?');
  expect(await browser.evaluate(`document.querySelector('#help').open`), true, 'help after ?');
  await browser.press('j');
  await browser.press('Escape');
  expect(await browser.evaluate(`document.querySelector('#help').open`), false, 'help after Esc');
  await at(0, 'after the help');
}

async function checkDetails(browser, expect) {
  const opened = `(r => [r.hidden, r.checkVisibility()])(
    document.querySelector('.here').nextElementSibling)`;
  const expanded = `document.activeElement.getAttribute('aria-expanded')`;
  expect(await browser.evaluate(opened), [true, false], 'details at first');
  await browser.press('Enter');
  expect(await browser.evaluate(opened), [false, true], 'details after Enter');
  expect(await browser.evaluate(expanded), 'true', 'said to be open');
  const [said, wanted] = await browser.evaluate(`[
    document.querySelector('.here').nextElementSibling.textContent,
    data.clauses[0].targets.flatMap(on => on.evidence.map(e =>
      e.engine + ': ' + e.count.toLocaleString('en-US') + ' ' +
      (e.count === 1 ? e.one : e.unit) + ', first ' + e.first))]`);
  expect(
    wanted.filter(w => !said.includes(w)),
    [],
    'evidence that the details lack',
  );
  expect(wanted.length > 0, true, 'evidence');
  await browser.press('Enter');
  expect(await browser.evaluate(opened), [true, false], 'details after Enter again');
  expect(await browser.evaluate(expanded), 'false', 'said to be closed');
}

async function checkFilter(browser, expect) {
  const names = await browser.evaluate(shown);
  await browser.press('/');
  expect(await browser.evaluate(focused), 'filter', 'focus after /');
  await browser.type('CLOSE. wake');
  const wake = ['close.wake-order'];
  expect(await browser.evaluate(`document.querySelector('#filter').value`), 'CLOSE. wake', 'typed');
  expect((await browser.evaluate(shown)).includes(wake[0]), true, 'words find their clause');
  expect(
    await browser.evaluate(`${rows}.filter(r => r.checkVisibility()).every(r => {
      const c = data.clauses.find(c => 'clause-' + c.name === r.id);
      return JSON.stringify([c, data.sections]).toLowerCase().includes('wake');
    })`),
    true,
    'and no other',
  );
  const some = await browser.evaluate(shown);
  expect(some.length < names.length / 4, true, 'the filter leaves few');
  expect(
    await browser.evaluate(`document.querySelector('#shown').textContent`),
    `${some.length} of ${names.length} clauses`,
    'said to be shown',
  );
  await browser.press('ArrowDown');
  expect(await browser.evaluate(focused), some[0], 'from the filter into the list');
  await browser.press('End');
  expect(await browser.evaluate(focused), some.at(-1), 'the last that is shown');
  await browser.press('/');
  await browser.type('xyzzy');
  expect(await browser.evaluate(shown), [], 'nothing fits');
  expect(
    await browser.evaluate(`document.querySelector('#shown').textContent`),
    `None of ${names.length} clauses fits`,
    'said of nothing',
  );
  await browser.press('ArrowDown');
  await browser.press('Escape');
  expect(await browser.evaluate(shown), names, 'after Esc');
}

async function checkVerdicts(browser, expect) {
  const verdicts = await browser.evaluate(`${all('#choices button')}.map(b => b.dataset.verdict)`);
  expect(verdicts, ['', 'pass', 'FAIL', 'skipped', 'waits'], 'verdicts to choose from');
  for (const verdict of [...verdicts, '']) {
    await browser.evaluate(
      `document.querySelector('#choices [data-verdict="${verdict}"]').click()`,
    );
    expect(
      await browser.evaluate(shown),
      await browser.evaluate(`data.clauses.filter(c => !'${verdict}' ||
        c.targets.some(on => on.verdict === '${verdict}')).map(c => c.name)`),
      `clauses with the verdict '${verdict}'`,
    );
    expect(
      await browser.evaluate(`${all('#choices [aria-pressed=true]')}.map(b => b.dataset.verdict)`),
      [verdict],
      'the choice is marked',
    );
  }
}

// From a failure to a clause it breaks, and back.
async function checkLinks(browser, expect) {
  if (!(await browser.evaluate(`data.failures.length > 0`))) return;
  await browser.evaluate(`document.querySelector('#choices [data-verdict="skipped"]').click()`);
  const clause = await browser.evaluate(`(a => { a.click(); return a.textContent; })(
    document.querySelector('#failure-1 .clauses a'))`);
  expect(await browser.evaluate(focused), clause, 'the link to a clause arrives');
  expect(
    await browser.evaluate(`document.activeElement.getAttribute('aria-expanded')`),
    'true',
    'and opens it',
  );
  await browser.evaluate(`document.querySelector('#failure-1').open = false`);
  await browser.evaluate(`document.querySelector('.more a[href="#failure-1"]').click()`);
  expect(
    await browser.evaluate(`[document.activeElement.parentElement.id,
      document.querySelector('#failure-1').open]`),
    ['failure-1', true],
    'the link to the failure arrives, and opens it',
  );
  const copied = await browser.evaluate(`(async () => {
    let text;
    Object.defineProperty(navigator, 'clipboard', {configurable: true,
      value: {writeText: async t => { text = t; }}});
    document.querySelector('#failure-1 [data-copies]').click();
    return text;
  })()`);
  expect(copied, await browser.evaluate('data.failures[0].command'), 'what is copied');
}

export async function checkCampaign(browser, expect) {
  await checkContent(browser, expect);
  expect(await browser.evaluate(signs), [], 'badges without a word or a sign');
  await checkKeys(browser, expect);
  await checkDetails(browser, expect);
  await checkFilter(browser, expect);
  await checkVerdicts(browser, expect);
  await checkLinks(browser, expect);
}
