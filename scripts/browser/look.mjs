// Looks at pages as people meet them: with a browser, at several widths, with and
// without scripts. `look` collects what is wrong with the page that is shown;
// `report` prints it. The browser is Debian's chromium (CHROMIUM names another), with
// a fresh profile each time, and it reaches this machine only.
import {spawnSync} from 'node:child_process';
import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import {chromium} from 'playwright-core';
import {fit, structure} from './checks.mjs';

const desktop = {width: 1280, height: 800};
const mobile = {width: 390, height: 844};
const locales = {nb: 'nb-NO', nn: 'nn-NO', en: 'en-GB'};
const levels = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'];

const seen = []; // {name, findings}, since the last report
const sessions = new WeakMap(); // by context
const keyed = new WeakSet(); // pages with an authenticator

// launch starts a browser; several people may share it, each in a context of their own.
export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1',
  ],
});

// open gives a person's {browser, context, page, lang, close}, in a browser of their
// own unless one is given. base is what addresses are relative to, lang the language
// that the browser asks for and the pages must have; set lang when the walk changes
// it. shots is a folder for pictures.
export async function open({base, lang = 'nb', javaScript = true, phone = false, dark = false, shots, browser: shared} = {}) {
  const browser = shared ?? await launch();
  const context = await browser.newContext({
    baseURL: base, locale: locales[lang], javaScriptEnabled: javaScript, colorScheme: dark ? 'dark' : 'light',
    viewport: phone ? mobile : desktop, isMobile: phone, hasTouch: phone,
  });
  const session = {browser, context, lang, javaScript, phone, shots, wrong: [], close: () => (shared ? context : browser).close()};
  sessions.set(context, session);
  watch(session);
  session.page = await context.newPage();
  return session;
}

// watch notes what goes wrong between two looks.
function watch({context, wrong}) {
  const say = (kind, text, status) => wrong.push({kind, text, status});
  // Queries may hold what is nobody else's business.
  const path = url => new URL(url).pathname;
  context.on('console', message => {
    const text = message.text();
    if (message.type() !== 'error') return;
    if (/Content Security Policy/i.test(text)) say('csp', text);
    else if (!/^Failed to load resource/.test(text)) say('console', text); // else the request says it
  });
  context.on('weberror', thrown => say('console', String(thrown.error())));
  context.on('requestfailed', request => {
    // Aborted is what the browser gave up itself, as when it leaves a page.
    const why = request.failure()?.errorText ?? '';
    if (why !== 'net::ERR_ABORTED') say(/csp/i.test(why) ? 'csp' : 'request', `${request.method()} ${path(request.url())}: ${why}`);
  });
  context.on('response', response => {
    if (response.status() < 400) return;
    const request = response.request();
    say('request', `${request.method()} ${path(request.url())}: ${response.status()}`, request.isNavigationRequest() ? response.status() : undefined);
  });
}

// look checks the page that is shown and gives what is wrong with it. A page that is
// to be an error says its status.
export async function look(page, name, {status} = {}) {
  const session = sessions.get(page.context());
  await page.waitForLoadState('load');
  const findings = session.wrong.splice(0).filter(one => !one.status || one.status !== status);
  const add = async (found, where = '') => findings.push(...found.map(one => ({...one, kind: one.kind + where})));

  await add(await page.evaluate(structure, session.lang));
  await add(await page.evaluate(fit));
  if (session.javaScript) await add(await axe(page)); // axe is a script
  await picture(page, session, name);

  // WCAG 2.1, 1.4.10: as wide as a small phone. 1.4.4: twice as large, which is half
  // as wide. A phone's browser zooms without laying out again.
  await resized(page, {width: 320, height: 640}, 1, async () => add(await page.evaluate(fit), ' at 320 px'));
  if (!session.phone) {
    const half = {width: desktop.width / 2, height: desktop.height / 2};
    await resized(page, half, 2, async () => add(await page.evaluate(fit), ' at 200 %'));
  }
  // What the looking itself has stirred up belongs to this page too.
  findings.push(...session.wrong.splice(0).filter(one => !one.status || one.status !== status));
  seen.push({name: `${name} [${session.lang}${session.phone ? ', phone' : ''}${session.javaScript ? '' : ', no scripts'}]`, findings});
  return findings;
}

async function axe(page) {
  // Legacy mode opens no window of its own.
  const {violations} = await new AxeBuilder({page}).withTags(levels).setLegacyMode(true).analyze();
  return violations.map(v => ({kind: 'axe', text: `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(', ')}`}));
}

// resized does something while the window has another size.
async function resized(page, {width, height}, deviceScaleFactor, what) {
  const usual = page.viewportSize();
  const cdp = await page.context().newCDPSession(page);
  try {
    await page.setViewportSize({width, height});
    await cdp.send('Emulation.setDeviceMetricsOverride', {width, height, deviceScaleFactor, mobile: false});
    await what();
  } finally {
    await cdp.send('Emulation.clearDeviceMetricsOverride');
    // Whoever detaches takes the page's authenticator along.
    if (!keyed.has(page)) await cdp.detach();
    await page.setViewportSize(usual);
  }
}

// picture keeps the whole page as a picture, in few colours where pngquant is there.
async function picture(page, {shots}, name) {
  if (!shots) return;
  mkdirSync(shots, {recursive: true});
  const file = join(shots, `${name.replace(/[^\w-]+/g, '-')}.png`);
  await page.screenshot({path: file, fullPage: true, animations: 'disabled'});
  spawnSync('pngquant', ['--force', '--skip-if-larger', '--strip', '--output', file, '64', file]);
}

// report prints a line for each page since the last report and what was wrong with it,
// and gives the exit code. To have looked at nothing is a failure.
export function report(print = console.log) {
  const all = seen.splice(0);
  let bad = 0;
  for (const {name, findings} of all) {
    print(`${findings.length ? 'BAD' : 'ok '} ${name}`);
    for (const {kind, text} of findings) print(`      ${kind}: ${text}`);
    if (findings.length) bad++;
  }
  print(all.length ? `${all.length} pages, ${bad} with findings` : 'no page was looked at');
  return all.length && !bad ? 0 : 1;
}

// authenticator gives the page a passkey device that is built in, knows its owner and
// always says yes.
export async function authenticator(page) {
  const cdp = await page.context().newCDPSession(page);
  keyed.add(page);
  await cdp.send('WebAuthn.enable');
  const {authenticatorId} = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true,
      isUserVerified: true, automaticPresenceSimulation: true,
    },
  });
  return {
    credentials: async () => (await cdp.send('WebAuthn.getCredentials', {authenticatorId})).credentials,
    remove: () => cdp.send('WebAuthn.removeVirtualAuthenticator', {authenticatorId}),
  };
}
