// Proves what our own script adds to pages, in a browser: parts that renew themselves,
// copying, forms that are sent once, the warning before a session ends.
//
//   node live.mjs
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {createServer} from 'node:http';
import {open} from './look.mjs';
import {press, tabTo} from './keyboard.mjs';

const script = readFileSync(new URL('../../services/internal/webassets/own/live.js', import.meta.url));
const policy = "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'";

const page = (body, attributes = '') => `<!doctype html><html lang="en"><head><title>x</title><link rel="icon" href="data:,">
<script defer src="/live.js"></script></head><body ${attributes}>${body}</body></html>`;

const session = (seconds, keep = '/session/keep') => page(
  `<h1>Session</h1><dialog id="session-warning"><form method="post" action="${keep}"><input type="hidden" name="form_token" value="t"><button>Stay</button></form></dialog>`,
  `data-session-ends="${Math.floor(Date.now() / 1000) + seconds}" data-session-keep="${keep}"`);

const pages = {
  '/parts': () => page(`<div id="part" data-live="/stream" aria-live="polite" aria-busy="true"><a id="one" href="/x">Waiting</a></div>`),
  '/copy': () => page(`<code id="what">the text</code><a id="link" href="/elsewhere">a link</a>
    <button class="ks-js" hidden data-copy="#what" data-copied="#said">Copy</button><button data-copy="#link" data-copied="#said">Copy link</button>
    <span role="status" id="said" data-text="Copied"></span><button data-print>Print</button>`),
  '/once': () => page('<form method="post" action="/slow" data-once><button name="do" value="it">Send</button></form>'),
  '/chosen': () => page('<form action="/list"><label>Order <select name="by" data-submit><option>age<option>name</select></label></form>'),
  '/wrong': () => page('<div id="summary" tabindex="-1">Two mistakes</div>'),
  '/long': () => session(1800), '/short': () => session(60), '/refusing': () => session(60, '/gone'),
  '/list': () => page('list'), '/kept': () => session(1800),
};

const posts = [];
const streams = [];
const server = createServer(async (request, response) => {
  const {pathname} = new URL(request.url, 'http://localhost');
  response.setHeader('Content-Security-Policy', policy);
  if (request.method === 'POST') {
    const body = [];
    for await (const part of request) body.push(part);
    posts.push(`${pathname} ${Buffer.concat(body)}`);
  }
  if (pathname === '/live.js') return response.setHeader('Content-Type', 'text/javascript').end(script);
  if (pathname === '/stream') {
    response.setHeader('Content-Type', 'text/event-stream');
    response.write('retry: 50\n\n');
    return streams.push(response);
  }
  if (pathname === '/session/keep') return response.writeHead(303, {Location: '/kept'}).end();
  if (pathname === '/slow') return setTimeout(() => response.setHeader('Content-Type', 'text/html').end(page('sent')), 300);
  response.statusCode = pathname === '/gone' ? 403 : 200;
  response.setHeader('Content-Type', 'text/html; charset=utf-8').end(pages[pathname]?.() ?? page('other'));
});
await new Promise(done => server.listen(0, '127.0.0.1', done));
const base = `http://localhost:${server.address().port}`;
const {context, page: tab, close} = await open({base, lang: 'en'});
await context.grantPermissions(['clipboard-read', 'clipboard-write'], {origin: base});
const wrong = [];
context.on('weberror', thrown => wrong.push(String(thrown.error())));
context.on('console', message => /Content Security Policy/.test(message.text()) && wrong.push(message.text()));

async function proves(what, check) {
  await check();
  console.log(`proven: ${what}`);
}
const until = async condition => {
  while (!condition()) await new Promise(done => setTimeout(done, 10));
};
const isOpen = () => tab.evaluate(() => document.querySelector('dialog').open);

try {
  await tab.clock.install();

  await tab.goto('/parts');
  await proves('a part renews itself, and what has the focus keeps it', async () => {
    await until(() => streams.length);
    await tab.focus('#one');
    streams.at(-1).write('data: <a id="one" href="/x">First</a>\ndata: <p class="ks-js" hidden>More</p>\n\n');
    await tab.waitForFunction(() => document.querySelector('#part').innerText.includes('First'));
    assert.deepEqual(await tab.evaluate(() => [document.activeElement.id, document.querySelector('#part').ariaBusy, document.querySelector('.ks-js').hidden]), ['one', 'false', false]);
  });
  await proves('a stream that broke is taken up again', async () => {
    streams.at(-1).end();
    await tab.clock.runFor(1000);
    await until(() => streams.length > 1);
    streams.at(-1).write('data: <b>Second</b>\n\n');
    await tab.waitForFunction(() => document.querySelector('#part').innerText === 'Second');
  });
  await proves('what is sent cannot run as a script', async () => {
    streams.at(-1).write('data: <i onclick="document.title=1">Third</i><script>document.title=2</script>\n\n');
    await tab.waitForFunction(() => document.querySelector('#part').innerText.includes('Third'));
    await tab.click('#part i');
    assert.equal(await tab.title(), 'x');
    for (const text of wrong.splice(0)) assert.match(text, /inline event handler/);
  });
  await proves('a page that is left closes its stream', async () => {
    const gone = new Promise(done => streams.at(-1).on('close', done));
    await tab.goto('/copy');
    await gone;
  });

  await proves('a text and a link are copied, and that is said', async () => {
    for (const [name, want] of [['Copy', 'the text'], ['Copy link', `${base}/elsewhere`]]) {
      await tabTo(tab, name);
      await press(tab, 'Enter');
      await tab.waitForFunction(() => document.querySelector('#said').textContent === 'Copied');
      assert.equal(await tab.evaluate(() => navigator.clipboard.readText()), want);
      await tab.evaluate(() => { document.querySelector('#said').textContent = ''; });
    }
  });
  await proves('a page is printed', async () => {
    await tab.evaluate(() => { window.print = () => { document.title = 'printed'; }; });
    await tab.click('[data-print]');
    assert.equal(await tab.title(), 'printed');
  });

  await proves('a form is sent once, with its button, and again when one comes back', async () => {
    await tab.goto('/once');
    const twice = () => tab.evaluate(() => { for (let i = 0; i < 3; i++) document.querySelector('button').click(); });
    await Promise.all([tab.waitForURL('**/slow'), twice()]);
    assert.deepEqual(posts.splice(0), ['/slow do=it']);
    await tab.goBack();
    await Promise.all([tab.waitForURL('**/slow'), twice()]);
    assert.deepEqual(posts.splice(0), ['/slow do=it']);
  });
  await proves('a choice is sent', async () => {
    await tab.goto('/chosen');
    await Promise.all([tab.waitForURL('**/list?by=name'), tab.selectOption('select', 'name')]);
  });
  await proves('a form that was refused says so first', async () => {
    await tab.goto('/wrong');
    assert.equal(await tab.evaluate(() => document.activeElement.id), 'summary');
  });

  await proves('nobody is warned while there is time', async () => {
    await tab.goto('/long');
    await tab.clock.runFor(60_000);
    assert.equal(await isOpen(), false);
  });
  await proves('two minutes before the end one is asked, and keeps the session', async () => {
    await tab.clock.runFor((1800 - 60 - 110) * 1000);
    assert.equal(await isOpen(), true);
    await tabTo(tab, 'Stay');
    await press(tab, 'Enter');
    await tab.waitForFunction(() => !document.querySelector('dialog').open);
    assert.deepEqual(posts.splice(0), ['/session/keep form_token=t']);
    assert.ok(tab.url().endsWith('/long'));
  });
  await proves('who puts the question away is left alone', async () => {
    await tab.clock.setSystemTime(Date.now());
    await tab.goto('/short');
    await tab.clock.runFor(10_000);
    assert.equal(await isOpen(), true);
    await press(tab, 'Escape');
    await tab.clock.runFor(20_000);
    assert.equal(await isOpen(), false);
  });
  await proves('a session that cannot be kept is answered for by the server', async () => {
    await tab.clock.setSystemTime(Date.now());
    await tab.goto('/refusing');
    await tab.clock.runFor(10_000);
    await Promise.all([tab.waitForURL('**/gone'), tab.click('dialog button')]);
    assert.equal(posts.splice(0).length, 2);
  });
  assert.deepEqual(wrong, []);
} finally {
  await close();
  server.closeAllConnections();
  server.close();
}
