// What a browser makes of the pages of counterexamples: no error, no request, every point reachable by
// keyboard, labels that fit, colours that can be read by day and by night.
//
//     node page_test.mjs <chromium> <page.html>...
//
// Talks to the browser over a pipe, so it needs no package and no port. Exit status: 0 all is well,
// 1 a check failed, 2 the browser cannot be started. After a change here run: ctest -L browser
import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {pathToFileURL} from 'node:url';

const [program, ...pages] = process.argv.slice(2);
if (!program || pages.length === 0) {
  console.error('usage: node page_test.mjs <chromium> <page.html>...');
  process.exit(2);
}

class Browser {
  constructor(profile) {
    this.process = spawn(
      program,
      [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--remote-debugging-pipe',
        `--user-data-dir=${profile}`,
        '--window-size=1280,900',
      ],
      {stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe']},
    );
    this.process.on('error', e => stop(2, `cannot start ${program}: ${e.message}`));
    this.process.on('exit', () => {
      if (!this.closed) stop(2, `${program} ended before the test did`);
    });
    this.next = 1;
    this.waiting = new Map();
    this.listeners = [];
    let rest = '';
    this.process.stdio[4].setEncoding('utf8').on('data', text => {
      const messages = (rest + text).split('\0');
      rest = messages.pop();
      messages.forEach(m => this.receive(JSON.parse(m)));
    });
  }
  receive(message) {
    const answer = this.waiting.get(message.id);
    if (!answer) return this.listeners.forEach(l => l(message));
    this.waiting.delete(message.id);
    if (message.error) answer.reject(new Error(message.error.message));
    else answer.resolve(message.result);
  }
  send(method, params = {}) {
    const id = this.next++;
    this.process.stdio[3].write(
      JSON.stringify({id, method, params, sessionId: this.session}) + '\0',
    );
    return new Promise((resolve, reject) => this.waiting.set(id, {resolve, reject}));
  }
  once(method) {
    return new Promise(resolve => {
      const listener = m => {
        if (m.method !== method) return;
        this.listeners.splice(this.listeners.indexOf(listener), 1);
        resolve(m.params);
      };
      this.listeners.push(listener);
    });
  }
  async open() {
    const {targetId} = await this.send('Target.createTarget', {url: 'about:blank'});
    this.session = (await this.send('Target.attachToTarget', {targetId, flatten: true})).sessionId;
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await this.send(`${domain}.enable`);
  }
  async evaluate(expression) {
    const {result, exceptionDetails} = await this.send('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    if (exceptionDetails)
      throw new Error(`${expression}: ${exceptionDetails.exception?.description}`);
    return result.value;
  }
  async press(key) {
    const text = key.length === 1 ? {text: key} : {};
    const code = {Home: 36, End: 35, ArrowLeft: 37, ArrowRight: 39, Escape: 27, Tab: 9}[key] ?? 0;
    await this.send('Input.dispatchKeyEvent', {
      type: 'keyDown',
      key,
      windowsVirtualKeyCode: code,
      ...text,
    });
    await this.send('Input.dispatchKeyEvent', {type: 'keyUp', key, windowsVirtualKeyCode: code});
  }
}

const profile = mkdtempSync(path.join(tmpdir(), 'tailrace-page-'));
const browser = new Browser(profile);
let failed = 0;

function stop(status, text) {
  if (text) console.error(text);
  browser.closed = true;
  browser.process.kill('SIGKILL');
  browser.process.once('close', () =>
    rmSync(profile, {recursive: true, force: true, maxRetries: 5}),
  );
  process.exitCode = status;
  if (status === 2) process.exit(2);
}

function expect(found, wanted, what) {
  if (JSON.stringify(found) === JSON.stringify(wanted)) return;
  ++failed;
  console.error(
    `  FAILED: ${what}: expected ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}`,
  );
}

const selected = `[...document.querySelectorAll('.point.here')].map(p => +p.dataset.point)`;
const count = `document.querySelectorAll('.point').length`;

// What reaches out of its box, and what has no name.
const misfits = `(() => {
  const wrong = [];
  for (const event of document.querySelectorAll('.event')) {
    const right = (box => box.x + box.width)(event.querySelector('rect').getBBox());
    for (const text of event.querySelectorAll('text')) {
      const box = text.getBBox();
      if (box.x + box.width > right) wrong.push('too wide: ' + text.textContent);
    }
  }
  for (const button of document.querySelectorAll('button, [role=button]'))
    if (!(button.getAttribute('aria-label') || button.textContent.trim())) wrong.push('a button without a name');
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  if (new Set(ids).size !== ids.length) wrong.push('an id that is there twice');
  if (document.documentElement.scrollWidth > innerWidth) wrong.push('the page scrolls sideways');
  return wrong;
})()`;

// Text against what is behind it, after WCAG: the least ratio on the page, and where.
const leastContrast = `(() => {
  const channels = colour => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => {
    for (; e; e = e.parentElement) {
      const colour = channels(getComputedStyle(e).backgroundColor);
      if (colour[3] !== 0) return colour;
    }
    return [255, 255, 255];
  };
  let least = [Infinity, ''];
  for (const e of document.querySelectorAll('h1, h2, p, li, code, dt, dd, button, pre, .chip, summary, .legal, .got')) {
    if (!e.textContent.trim() || !e.checkVisibility()) continue;
    const [a, b] = [luminance(channels(getComputedStyle(e).color)), luminance(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < least[0]) least = [ratio, e.className || e.tagName];
  }
  return least;
})()`;

async function check(page) {
  const said = [];
  const listener = m => {
    if (m.method === 'Runtime.exceptionThrown')
      said.push(m.params.exceptionDetails.exception?.description);
    if (m.method === 'Runtime.consoleAPICalled')
      said.push(`console: ${m.params.args.map(a => a.value)}`);
    if (m.method === 'Log.entryAdded') said.push(m.params.entry.text);
    if (m.method === 'Network.requestWillBeSent' && !/^(file|data):/.test(m.params.request.url))
      said.push(`asked for ${m.params.request.url}`);
  };
  browser.listeners.push(listener);
  const loaded = browser.once('Page.loadEventFired');
  await browser.send('Page.navigate', {url: pathToFileURL(page).href});
  await loaded;

  const last = (await browser.evaluate(count)) - 1;
  const wanted = (await browser.evaluate('data.points.length + data.refused.length')) - 1;
  expect(last, wanted, 'points that are drawn');
  expect(await browser.evaluate(selected), [last], 'selected at first: the impossible one');
  await browser.press('Home');
  expect(await browser.evaluate(selected), [0], 'after Home');
  await browser.press('ArrowLeft');
  expect(await browser.evaluate(selected), [0], 'nothing comes before the first');
  await browser.press('ArrowRight');
  expect(await browser.evaluate(selected), [Math.min(1, last)], 'after an arrow to the right');
  expect(
    await browser.evaluate(`document.activeElement.matches('.point.here:focus-visible')`),
    true,
    'the selected point has a visible focus',
  );
  expect(
    await browser.evaluate(
      `document.querySelector('#state').textContent.includes(data.points[1]?.text ?? '')`,
    ),
    true,
    'the state is that of the selected point',
  );
  await browser.press('ArrowLeft');
  expect(await browser.evaluate(selected), [0], 'after an arrow to the left');
  await browser.press('End');
  expect(await browser.evaluate(selected), [last], 'after End');
  await browser.press('?');
  expect(await browser.evaluate(`document.querySelector('#help').open`), true, 'help after ?');
  await browser.press('Escape');
  expect(
    await browser.evaluate(`document.querySelector('#help').open`),
    false,
    'help after Escape',
  );
  await browser.evaluate(`document.querySelector('#previous').click()`);
  expect(await browser.evaluate(selected), [last - 1], 'after the button');
  expect(await browser.evaluate(misfits), [], 'what does not fit');

  await browser.evaluate(`document.querySelectorAll('details').forEach(d => { d.open = true; })`);
  const pages = [];
  for (const value of ['light', 'dark']) {
    await browser.send('Emulation.setEmulatedMedia', {
      features: [{name: 'prefers-color-scheme', value}],
    });
    pages.push(await browser.evaluate('getComputedStyle(document.body).backgroundColor'));
    const [ratio, where] = await browser.evaluate(leastContrast);
    expect(
      ratio >= 4.5 ? 'enough' : `${ratio.toFixed(2)} at ${where}`,
      'enough',
      `contrast, ${value}`,
    );
  }
  expect(pages[0] !== pages[1], true, 'light and dark differ');
  browser.listeners.splice(browser.listeners.indexOf(listener), 1);
  expect(said, [], 'errors and requests');
}

try {
  await browser.open();
  for (const page of pages) {
    const before = failed;
    await check(path.resolve(page));
    console.log(`${failed === before ? 'ok' : 'FAILED'}  ${path.basename(page)}`);
  }
  stop(failed === 0 ? 0 : 1);
} catch (e) {
  stop(1, `FAILED: ${e.stack}`);
}
