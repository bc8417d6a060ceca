// What a browser makes of the page of a counterexample: every point is there and reachable by
// keyboard, and its labels fit. After a change here run: ci/test -L browser

const selected = `[...document.querySelectorAll('.point.here')].map(p => +p.dataset.point)`;
const count = `document.querySelectorAll('.point').length`;

// What reaches out of its box.
const tooWide = `(() => {
  const wrong = [];
  for (const event of document.querySelectorAll('.event')) {
    const right = (box => box.x + box.width)(event.querySelector('rect').getBBox());
    for (const text of event.querySelectorAll('text')) {
      const box = text.getBBox();
      if (box.x + box.width > right) wrong.push(text.textContent);
    }
  }
  return wrong;
})()`;

export async function checkCounterexample(browser, expect) {
  const last = (await browser.evaluate(count)) - 1;
  const wanted = (await browser.evaluate('data.points.length + data.refused.length')) - 1;
  expect(last, wanted, 'points that are drawn');
  expect(await browser.evaluate(selected), [last], 'selected at first: the impossible one');
  expect(
    await browser.evaluate(`document.querySelector('#why').textContent.trim() !== ''`),
    true,
    'something is said about what went wrong',
  );
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
  expect(await browser.evaluate(tooWide), [], 'labels that are too wide');
}
