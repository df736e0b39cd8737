// What every part of a walk uses: where the desks are, who comes in, and how people
// click. Pages are found by names, addresses and kinds of things, never by their texts,
// so that one walk serves every language.
import {authenticator, launch, look, open} from '../look.mjs';

// patience is how long something that the services do by themselves may take, in ms. It
// is far above what it takes, and ends a walk that will never go on.
export const patience = 60_000;

const hosts = {verifier: 'udi'};

// Way is one walk through a running system: its front page, and how it is walked.
export class Way {
  constructor({front, lang = 'nb', javaScript = true, shots, looking = true}) {
    Object.assign(this, {front: front.replace(/\/$/, ''), lang, javaScript, shots, looking, visited: new Set(), looked: new Set()});
  }

  async start() {
    this.browser = await launch();
    return this;
  }

  close() {
    return this.browser?.close();
  }

  // url is an address at a service, or at the front page.
  url(service, path = '/') {
    const at = new URL(this.front);
    if (service !== 'front') at.hostname = `${hosts[service] ?? service}.${at.hostname}`;
    return at.origin + path;
  }

  // comes is somebody who comes to a service: a browser of their own.
  async comes(service, {phone = false, javaScript = this.javaScript} = {}) {
    const session = await open({
      base: this.url(service), lang: this.lang, javaScript, phone, shots: this.shots, browser: this.browser,
    });
    const person = new Person(this, session, service);
    if (phone) await authenticator(session.page);
    return person;
  }

  // enters is somebody who signs in at a service as one of the people of the pilot.
  async enters(service, who, path = '/', options) {
    const person = await this.comes(service, options);
    await person.goes('/language?to=/&lang=' + this.lang).catch(() => {});
    await person.goes('/sign-in?to=' + path);
    await person.presses(`button[name=person][value=${who}]`);
    await person.speaks();
    return person;
  }
}

// Person is somebody at a browser.
export class Person {
  constructor(way, session, service) {
    Object.assign(this, {way, session, service, page: session.page});
    this.page.setDefaultTimeout(patience);
  }

  leaves() {
    return this.session.close();
  }

  // goes to an address of the person's service, or a whole one.
  goes(path) {
    return this.page.goto(path, {waitUntil: 'load'});
  }

  // sees looks at the page, which must be at a path when one is given.
  async sees(name, path, options) {
    const at = new URL(this.page.url()).pathname;
    if (path && !(path instanceof RegExp ? path.test(at) : path === at)) {
      throw new Error(`${name}: expected ${path}, and the browser is at ${at}: ${await this.heading()}`);
    }
    if (!this.way.looking) return;
    this.way.visited.add(`${this.service} ${at}`);
    // The same page of several walks is looked at once, and once without scripts.
    const which = `${name} ${this.session.javaScript}`;
    if (this.way.looked.has(which)) return;
    this.way.looked.add(which);
    await look(this.page, name, options);
  }

  // views goes to a page and looks at it.
  async views(name, path, options) {
    await this.goes(path);
    await this.sees(name, path.split('?')[0], options);
  }

  heading() {
    return this.page.locator('main').innerText().then(text => text.slice(0, 400)).catch(() => 'no page');
  }

  // presses clicks what leads to another page.
  async presses(target) {
    const one = this.one(target);
    const before = this.page.url();
    const loaded = this.page.waitForEvent('load');
    loaded.catch(() => {}); // when the click itself fails, that is told
    await one.click().catch(async failure => {
      throw new Error(`at ${new URL(before).pathname}: ${failure.message}\n${await this.heading()}`);
    });
    await loaded;
  }

  // touches clicks what leads nowhere else.
  touches(target) {
    return this.one(target).click();
  }

  one(target) {
    return typeof target === 'string' ? this.page.locator(target).filter({visible: true}).first() : target;
  }

  // writes fills fields by name.
  async writes(fields) {
    for (const [name, value] of Object.entries(fields)) {
      const field = this.page.locator(`[name="${name}"]`);
      const kind = await field.first().evaluate(e => (e.tagName === 'SELECT' ? 'select' : e.type));
      if (kind === 'select') await field.selectOption(value);
      else if (kind === 'radio' || kind === 'checkbox') await this.page.locator(`[name="${name}"][value="${value}"]`).check();
      else await field.fill(value);
    }
  }

  // waits until something is shown: a live part brings it, or without scripts the page
  // is asked for again.
  async waits(target) {
    const one = this.page.locator(target).filter({visible: true}).first();
    if (this.session.javaScript) return one.waitFor();
    for (const end = Date.now() + patience; !await one.isVisible();) {
      if (Date.now() > end) throw new Error(`at ${new URL(this.page.url()).pathname} there is no ${target}`);
      await this.page.reload();
    }
  }

  // asks goes to a page, again and again, until something is shown on it.
  async asks(path, target) {
    const one = this.page.locator(target).filter({visible: true}).first();
    for (const end = Date.now() + patience; ;) {
      await this.goes(path);
      if (await one.isVisible()) return;
      if (Date.now() > end) throw new Error(`at ${path} there is no ${target}: ${await this.heading()}`);
    }
  }

  // speaks changes to the walk's language, where the person's own is another.
  async speaks() {
    if (await this.page.locator('html').getAttribute('lang') === this.way.lang) return;
    await this.presses(`nav.ks-languages a[hreflang=${this.way.lang}]`);
  }
}

// day is a date as people write it, so many days from now.
export function day(after) {
  const at = new Date(Date.now() + after * 86_400_000);
  return [String(at.getDate()).padStart(2, '0'), String(at.getMonth() + 1).padStart(2, '0'), at.getFullYear()].join('.');
}
