// A headless browser, driven over a pipe: no package, no port.
// After a change here run: ci/test -L browser
import {spawn} from 'node:child_process';
import {pathToFileURL} from 'node:url';

const codes = {
  Home: 36,
  End: 35,
  ArrowLeft: 37,
  ArrowUp: 38,
  ArrowRight: 39,
  ArrowDown: 40,
  Escape: 27,
  Enter: 13,
  Tab: 9,
};

export class Browser {
  // `stopped` is called with the reason why the browser cannot be used any more.
  constructor(program, profile, stopped) {
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
    this.process.on('error', e => stopped(`cannot start ${program}: ${e.message}`));
    this.process.on('exit', () => {
      if (!this.closed) stopped(`${program} ended before the test did`);
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
  // What is said on the console, and what is asked for, goes into `said`.
  async load(page, said) {
    this.listeners = [
      m => {
        if (m.method === 'Runtime.exceptionThrown')
          said.push(m.params.exceptionDetails.exception?.description);
        if (m.method === 'Runtime.consoleAPICalled')
          said.push(`console: ${m.params.args.map(a => a.value)}`);
        if (m.method === 'Log.entryAdded') said.push(m.params.entry.text);
        if (m.method === 'Network.requestWillBeSent' && !/^(file|data):/.test(m.params.request.url))
          said.push(`asked for ${m.params.request.url}`);
      },
    ];
    const loaded = this.once('Page.loadEventFired');
    await this.send('Page.navigate', {url: pathToFileURL(page).href});
    await loaded;
  }
  async resize(width, height) {
    await this.send('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: false,
    });
  }
  async type(keys) {
    for (const key of keys) await this.press(key);
  }
  async press(key) {
    const text = key === 'Enter' ? {text: '\r'} : key.length === 1 ? {text: key} : {};
    const code = codes[key] ?? 0;
    await this.send('Input.dispatchKeyEvent', {
      type: 'keyDown',
      key,
      windowsVirtualKeyCode: code,
      ...text,
    });
    await this.send('Input.dispatchKeyEvent', {type: 'keyUp', key, windowsVirtualKeyCode: code});
  }
}
