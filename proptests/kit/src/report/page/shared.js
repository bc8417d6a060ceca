// What the scripts of both pages begin with. After a change here run: ci/test -L browser
'use strict';

const data = JSON.parse(document.getElementById('data').textContent);
const byId = id => document.getElementById(id);

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function sayLeftOut(more = '') {
  byId('left-out').hidden = data.left_out.length === 0;
  byId('left-out').textContent = `Left out of this page: ${data.left_out.join('; ')}.${more}`;
}

function copies(button) {
  const from = byId(button.dataset.copies);
  const selection = () => getSelection().selectAllChildren(from);
  const say = text => {
    button.textContent = text;
    setTimeout(() => {
      button.textContent = 'Copy';
    }, 1500);
  };
  if (!navigator.clipboard) return selection();
  navigator.clipboard.writeText(from.textContent).then(() => say('Copied'), selection);
}

// The help, the copy buttons, and the keys of the page: `key` returns whether it used the key.
function listen(key) {
  const help = byId('help');
  byId('help-open').addEventListener('click', () => help.showModal());
  document
    .querySelectorAll('[data-copies]')
    .forEach(b => b.addEventListener('click', () => copies(b)));
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.altKey || event.metaKey || help.open) return;
    if (event.target.closest('pre, .scroll')) return; // they scroll
    if (event.key === '?' && !event.target.closest('input')) help.showModal();
    else if (!key(event)) return;
    event.preventDefault();
  });
}
