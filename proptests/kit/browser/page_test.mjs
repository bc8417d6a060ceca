// What a browser makes of the pages: no error, no request, everything that the data has is there
// and reachable by keyboard, nothing that does not fit, colours that can be read by day and by
// night.
//
//     node page_test.mjs <chromium> <page.html | folder of them>...
//
// Exit status: 0 all is well, 1 a check failed, 2 the browser cannot be started.
// After a change here run: ci/test -L browser
import {mkdtempSync, readdirSync, rmSync, statSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {Browser} from './browser.mjs';
import {checkCampaign} from './campaign_checks.mjs';
import {checkCounterexample} from './counterexample_checks.mjs';

const [program, ...places] = process.argv.slice(2);
const pages = places.flatMap(place =>
  statSync(place).isDirectory()
    ? readdirSync(place)
        .filter(name => name.endsWith('.html'))
        .map(name => path.join(place, name))
    : [place],
);
if (!program || pages.length === 0) {
  console.error('usage: node page_test.mjs <chromium> <page.html | folder of them>...');
  process.exit(2);
}

const profile = mkdtempSync(path.join(tmpdir(), 'tailrace-page-'));
const browser = new Browser(program, profile, why => stop(2, why));
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

// What has no name, or does not fit.
const misfits = `(() => {
  const wrong = [];
  for (const button of document.querySelectorAll('button, [role=button]'))
    if (!(button.getAttribute('aria-label') || button.textContent.trim()))
      wrong.push('a button without a name');
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  if (new Set(ids).size !== ids.length) wrong.push('an id that is there twice');
  if (document.documentElement.scrollWidth > innerWidth) wrong.push('the page scrolls sideways');
  return wrong;
})()`;

// Text against what is behind it, after WCAG: the least ratio on the page, and where.
const leastContrast = `(() => {
  const texts = 'h1, h2, h3, h4, p, li, a, b, code, dt, dd, button, pre, summary, small, ' +
    'input, output, th, td, .chip, .legal, .got, .badge, .promise, .brief';
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
  for (const e of document.querySelectorAll(texts)) {
    if (!e.textContent.trim() || !e.checkVisibility()) continue;
    const [a, b] = [luminance(channels(getComputedStyle(e).color)), luminance(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < least[0]) least = [ratio, e.className || e.tagName];
  }
  return least;
})()`;

async function checkColours() {
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
}

async function check(page) {
  const said = [];
  expect(statSync(page).size < 2_000_000, true, 'below 2 MB');
  await browser.resize(1280, 900);
  await browser.load(page, said);
  const campaign = await browser.evaluate(`'runs' in data`);
  await (campaign ? checkCampaign : checkCounterexample)(browser, expect);

  await browser.evaluate(`document.querySelectorAll('details').forEach(d => { d.open = true; })`);
  for (const width of [1280, 400]) {
    await browser.resize(width, 900);
    expect(await browser.evaluate(misfits), [], `what does not fit at ${width}`);
  }
  await browser.resize(1280, 900);
  await checkColours();
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
