// Proves that each check fires: a good page has no findings, and each page with one
// mistake has the finding that is for it. Serves both on loopback.
//
//   node selftest.mjs
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync, statSync} from 'node:fs';
import {createServer} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {authenticator, look, open, report} from './look.mjs';
import {press, tabTo, type} from './keyboard.mjs';

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const style = `
  body { margin: 0 1rem; font: 1rem/1.5 sans-serif; overflow-wrap: break-word; }
  img { max-width: 100%; }
  .skip:not(:focus) { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; white-space: nowrap; }
  .scroll { overflow-x: auto; }
  .wide { width: 90rem; }
  .no-mark:focus { outline: none; }
  .low { height: 120rem; }`;

const pixel = 'data:image/gif;base64,R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==';

const good = `<!doctype html>
<html lang="nn"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ei god side</title><link rel="icon" href="${pixel}"><link rel="stylesheet" href="/style.css"><script defer src="/script.js"></script></head>
<body><a class="skip" href="#main">Hopp til hovudinnhald</a>
<header><a href="/">Heim</a></header>
<main id="main" tabindex="-1"><h1>Ei god side</h1><p>Alt er som det skal vere.</p>
<figure><img alt="QR-kode" src="${pixel}"><figcaption><a href="/lenkje">Opne lenkja</a></figcaption></figure>
<div class="scroll" role="region" aria-label="Tabell" tabindex="0"><div class="wide">Ein brei tabell</div></div>
<pre><code>/v1/{id}</code></pre>
<form method="post" action="/send"><label for="name">Namn</label> <input id="name" name="name" autocomplete="given-name">
<button>Send</button></form><button type="button" id="key">Lag nøkkel</button><p role="status" id="said"></p></main>
<footer><p>Slutt</p></footer></body></html>`;

const script = `
  document.getElementById('key')?.addEventListener('click', async () => {
    const made = await navigator.credentials.create({publicKey: {
      challenge: new Uint8Array(16), rp: {name: 'x', id: 'localhost'}, user: {id: new Uint8Array(16), name: 'x', displayName: 'x'},
      pubKeyCredParams: [{type: 'public-key', alg: -7}], authenticatorSelection: {residentKey: 'required', userVerification: 'required'},
    }});
    document.getElementById('said').textContent = made.type;
  });`;

const before = (mark, put) => good.replace(mark, put + mark);

// A mistake's name is the finding that it must give; what follows a slash tells several
// of a kind apart.
const mistakes = {
  'axe': before('</main>', `<img src="${pixel}">`),
  'axe/contrast': before('</main>', '<p class="pale">Bleikt</p>'),
  'h1': before('</main>', '<h1>Enda ei</h1>'),
  'h1/none': good.replace(/<h1>.*<\/h1>/, '<h2>Ei side</h2>'),
  'h1/empty': good.replace(/<h1>.*<\/h1>/, '<h1></h1>'),
  'title': good.replace(/<title>.*<\/title>/, '<title> </title>'),
  'lang': good.replace('lang="nn"', 'lang="en"'),
  'main': good.replace('<main', '<div').replace('</main>', '</div>'),
  'main/two': before('<footer>', '<main>Enda eit</main>'),
  'skip': good.replace(/<a class="skip".*<\/a>/, ''),
  'skip/late': good.replace('<header>', '<header><button tabindex="1">Fyrst</button>'),
  'skip/hidden': good.replace('class="skip"', 'class="always"'),
  'skip/nowhere': good.replace('#main"', '#nothing"'),
  'sideways': before('</main>', '<div class="wide">Breitt</div>'),
  'sideways at 320 px': before('</main>', '<div class="narrow-wide">Breitt</div>'),
  'sideways at 200 %': before('</main>', '<div class="zoom-wide">Breitt</div>'),
  'overflow': before('</main>', '<p class="tight">Eit langt avsnitt som ikkje får plass</p>'),
  'overflow/clipped': before('</main>', '<p class="tight cut">Eit langt avsnitt som ikkje får plass</p>'),
  'overflow/out': before('</main>', '<p class="out">Til venstre</p>'),
  'overflow/no key': good.replace('class="scroll" role="region" aria-label="Tabell" tabindex="0"', 'class="scroll"'),
  'overflow at 200 %': before('</main>', '<p class="zoom-tight">Eit langt avsnitt som ikkje får plass</p>'),
  'csp': before('</main>', '<p style="color: red">Raudt</p>'),
  'csp/elsewhere': before('</main>', '<img alt="" src="http://elsewhere.example/x.png">'),
  'console': good.replace('/script.js', '/complains.js'),
  'console/thrown': good.replace('/script.js', '/throws.js'),
  'request': before('</main>', '<img alt="" src="/missing.png">'),
  'request/dropped': before('</main>', '<img alt="" src="/dropped.png">'),
  'qr': good.replace(/<figcaption>.*<\/figcaption>/, ''),
  'qr/empty': good.replace('>Opne lenkja<', '><'),
  'text': before('</main>', '<p>⟦offer.title⟧</p>'),
  'text/attribute': good.replace('aria-label="Tabell"', 'aria-label="⟦table.name⟧"'),
  'text/hole': before('</main>', '<p>Det er {n} saker.</p>'),
};

const faulty = `
  .pale { color: #ccc; background: #fff; }
  .always { position: absolute; left: -999rem; }
  @media (max-width: 400px) { .narrow-wide { width: 30rem; } }
  @media (min-width: 600px) and (max-width: 700px) { .zoom-wide { width: 60rem; } }
  .tight { width: 5rem; white-space: nowrap; }
  .cut { overflow: hidden; }
  .out { margin-left: -9rem; }
  @media (min-width: 600px) and (max-width: 700px) { .zoom-tight { width: 5rem; white-space: nowrap; } }`;

// What scripts find, and what only a browser with scripts asks for.
const needsScripts = /^(axe|console)/;

const server = createServer((request, response) => {
  const {pathname, searchParams} = new URL(request.url, 'http://localhost');
  const files = {
    '/style.css': ['text/css', style + faulty], '/script.js': ['text/javascript', script],
    '/complains.js': ['text/javascript', 'console.error("no")'], '/throws.js': ['text/javascript', 'throw new Error("no")'],
    '/good': ['text/html', good], '/lenkje': ['text/html', good], '/send': ['text/html', good],
    '/bad': ['text/html', mistakes[searchParams.get('of')]],
    '/trap': ['text/html', before('</main>', '<button type="button" tabindex="-1">Unåeleg</button>')],
    '/unmarked': ['text/html', before('</main>', '<button type="button" class="no-mark">Utan merke</button>')],
  };
  if (pathname === '/dropped.png') return request.socket.destroy();
  if (pathname === '/refused') response.statusCode = 422;
  const [kind, content] = files[pathname] ?? (pathname === '/refused' ? files['/good'] : []);
  if (!content) response.statusCode = 404;
  response.setHeader('Content-Security-Policy', policy);
  response.setHeader('Content-Type', `${kind ?? 'text/plain'}; charset=utf-8`);
  response.end(content ?? 'not here');
});
await new Promise(done => server.listen(0, '127.0.0.1', done));
const base = `http://localhost:${server.address().port}`;
const shots = mkdtempSync(join(tmpdir(), 'shots-'));
const sessions = [];
let proven = 0;

async function proves(what, check) {
  await check();
  proven++;
  console.log(`proven: ${what}`);
}

async function start(options) {
  const session = await open({base, lang: 'nn', ...options});
  sessions.push(session);
  return session;
}

try {
  const usual = await start({shots});
  const plain = await start({javaScript: false});
  const phone = await start({phone: true});
  const dark = await start({dark: true});

  for (const [what, {page}] of Object.entries({'a good page': usual, 'a good page without scripts': plain, 'a good page on a phone': phone, 'a good page in the dark': dark})) {
    await page.goto('/good');
    await proves(`${what} has no findings`, async () => assert.deepEqual(await look(page, what), []));
  }
  await proves('a picture is kept', async () => assert.ok(statSync(join(shots, 'a-good-page.png')).size > 1000));
  await proves('the window has its size again', async () => assert.deepEqual(
    await usual.page.evaluate(() => [innerWidth, innerHeight, devicePixelRatio]), [1280, 800, 1]));
  await proves('the language is asked for', async () => assert.equal(await usual.page.evaluate(() => navigator.language), 'nn-NO'));
  await proves('a report of good pages ends well', async () => assert.equal(report(() => {}), 0));
  await proves('a report of nothing does not', async () => assert.equal(report(() => {}), 1));

  for (const [mistake, html] of Object.entries(mistakes)) {
    assert.notEqual(html, good, `${mistake} is no mistake`);
    const kind = mistake.split('/')[0];
    for (const {page, javaScript} of needsScripts.test(kind) ? [usual] : [usual, plain]) {
      await page.goto(`/bad?of=${encodeURIComponent(mistake)}`);
      await proves(`${mistake}${javaScript ? '' : ', without scripts'}`, async () => {
        const found = await look(page, mistake);
        assert.ok(found.some(one => one.kind === kind), JSON.stringify(found));
        // One mistake may be seen from several sides, but not as something else entirely.
        const other = found.filter(one => !one.kind.startsWith(kind.split(' ')[0]) && !/^(axe|overflow|sideways)/.test(one.kind));
        assert.deepEqual(other, []);
      });
    }
  }
  await proves('findings end with the page that had them', async () => {
    await usual.page.goto('/good');
    assert.deepEqual(await look(usual.page, 'after'), []);
  });
  await proves('a language is in force until it is changed', async () => {
    usual.lang = 'en';
    assert.deepEqual((await look(usual.page, 'changed')).map(one => one.kind), ['lang']);
    usual.lang = 'nn';
  });
  await proves('an error that is expected is no finding, another is', async () => {
    await usual.page.goto('/refused');
    assert.deepEqual(await look(usual.page, 'refused', {status: 422}), []);
    await usual.page.goto('/refused');
    assert.deepEqual((await look(usual.page, 'refused')).map(one => one.kind), ['request']);
  });
  await proves('a report of bad pages names them and ends badly', async () => {
    const lines = [];
    assert.equal(report(line => lines.push(line)), 1);
    console.log(lines.map(line => `    | ${line}`).join('\n'));
    for (const mistake of Object.keys(mistakes)) assert.ok(lines.includes(`BAD ${mistake} [nn]`), mistake);
  });
  await proves('no other machine is reached', async () => {
    const other = await usual.context.newPage();
    await assert.rejects(other.goto('http://elsewhere.example/'), /ERR_NAME_NOT_RESOLVED/);
    await other.close();
  });

  for (const {page, javaScript} of [usual, plain]) {
    const how = javaScript ? '' : ', without scripts';
    await page.goto('/good');
    await proves(`Tab leads to what is called by a text, and to a locator${how}`, async () => {
      await tabTo(page, 'Hopp til hovudinnhald');
      await tabTo(page, page.locator('#name'));
      await type(page, 'Ada');
      assert.equal(await page.inputValue('#name'), 'Ada');
      await tabTo(page, 'Heim', {back: true});
      await tabTo(page, 'Send');
      await Promise.all([page.waitForURL('**/send'), press(page, 'Enter')]);
    });
    await page.goto('/trap');
    await proves(`what Tab cannot reach is not reached${how}`, () => assert.rejects(tabTo(page, 'Unåeleg'), /does not lead/));
    await page.goto('/unmarked');
    await proves(`focus that nobody sees is told${how}`, () => assert.rejects(tabTo(page, 'Utan merke'), /nothing shows/));
  }

  await usual.page.goto('/good');
  await proves('a passkey is made', async () => {
    const device = await authenticator(usual.page);
    await tabTo(usual.page, 'Lag nøkkel');
    await press(usual.page, 'Enter');
    await usual.page.waitForFunction(() => document.getElementById('said').textContent === 'public-key');
    assert.equal((await device.credentials()).length, 1);
    await device.remove();
  });
  console.log(`all ${proven} proven`);
} finally {
  for (const session of sessions) await session.close();
  server.close();
  rmSync(shots, {recursive: true});
}
