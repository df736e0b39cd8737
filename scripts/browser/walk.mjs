// Walks a running system as people do, in a browser: the whole case, from the offer to
// the first salary. Looks at every page on the way.
//
//   node walk.mjs FRONT [--walk public|case|refusal|without-scripts|keyboard]... [--lang nb|nn|en]...
//                       [--every] [--also LANG]... [--shots DIR] [--person N]
//
// Each walk is walked in each language; with --every a page that none of them has looked
// at is a finding. In a language of --also, the case is walked
// once more without looking. Pictures are put into DIR.
import {parseArgs} from 'node:util';
import {report} from './look.mjs';
import {banks, meets, registers} from './walk/agencies.mjs';
import {decides, writesAndSigns} from './walk/keyboard.mjs';
import * as employers from './walk/employer.mjs';
import * as officers from './walk/officer.mjs';
import {forgotten} from './walk/pages.mjs';
import {accredits, applies, visitsAll} from './walk/public.mjs';
import {Way} from './walk/way.mjs';
import * as workers from './walk/worker.mjs';

const {values: options, positionals: [front]} = parseArgs({
  allowPositionals: true,
  options: {
    walk: {type: 'string', multiple: true, default: ['public', 'case']}, lang: {type: 'string', multiple: true, default: ['nb']},
    every: {type: 'boolean', default: false}, also: {type: 'string', multiple: true, default: []}, shots: {type: 'string'}, person: {type: 'string', default: String(Date.now() % 100_000)},
  },
});

// someone is a worker that no walk has had.
let next = Number(options.person);
const someone = () => employers.worker(next++);

const walks = {
  // The whole case, each in their own browser: employer and officers at a desk, the
  // worker on a phone.
  async case(way) {
    const who = someone();
    const employer = await way.enters('issuer', 'kari', '/offers');
    await employers.writesTheOffer(employer, who);
    const offer = await employers.signsTheOffer(employer);
    await employers.looksAround(employer, offer, who);

    const worker = await way.comes('wallet', {phone: true});
    await workers.readsTheGuide(worker, offer);
    await workers.makesAWallet(worker);
    await workers.keepsTheOffer(worker, offer);
    await workers.applies(worker);
    await workers.pays(worker);

    const officer = await way.enters('verifier', 'anne', '/cases');
    const ref = await officers.findsTheCase(officer);
    await officers.grants(officer);
    await officers.looksAround(officer, ref);

    const police = await way.enters('police', 'ola', '/today');
    await meets(police, ref);
    const tax = await way.enters('tax', 'marit', '/persons');
    await registers(tax, ref);
    const bank = await way.enters('bank', 'tom', '/customers');
    await banks(bank, ref);

    await workers.lastSees(worker);
    await employers.paysFrom(employer, offer);
    for (const one of [employer, worker, officer, police, tax, bank]) await one.leaves();
  },

  // A case that is refused, appealed against, and upheld by UNE.
  async refusal(way) {
    const employer = await way.enters('issuer', 'kari', '/offers');
    await employers.writesTheOffer(employer, someone());
    const offer = await employers.signsTheOffer(employer);
    const worker = await way.comes('wallet', {phone: true});
    await workers.makesAWallet(worker);
    await workers.keepsTheOffer(worker, offer);
    await workers.applies(worker);
    const application = await workers.pays(worker);
    const officer = await way.enters('verifier', 'jonas', '/cases');
    const ref = await officers.findsTheCase(officer);
    await officers.refuses(officer, ref);
    await workers.appeals(worker, application);
    await officers.handlesTheAppeal(officer, ref);
    for (const one of [employer, worker, officer]) await one.leaves();
  },

  // Employer and officer have no scripts; the worker needs them for the passkey.
  async 'without-scripts'(way) {
    const plain = {javaScript: false};
    const employer = await way.enters('issuer', 'kari', '/offers', plain);
    await employers.writesTheOffer(employer, someone());
    const offer = await employers.signsTheOffer(employer);
    const worker = await way.comes('wallet', {phone: true});
    await workers.makesAWallet(worker);
    await workers.keepsTheOffer(worker, offer);
    await workers.applies(worker);
    await workers.pays(worker);
    const officer = await way.enters('verifier', 'anne', '/cases', plain);
    await officers.findsTheCase(officer);
    await officers.grants(officer);
    for (const one of [employer, worker, officer]) await one.leaves();
  },

  // The offer form and the decision by keyboard alone; the worker's part by touch.
  async keyboard(way) {
    const employer = await way.enters('issuer', 'kari', '/offers');
    await writesAndSigns(employer, someone());
    const offer = await employers.offerOf(employer);
    const worker = await way.comes('wallet', {phone: true});
    await workers.makesAWallet(worker);
    await workers.keepsTheOffer(worker, offer);
    await workers.applies(worker);
    await workers.pays(worker);
    const officer = await way.enters('verifier', 'anne', '/cases');
    await officer.asks('/cases', 'tbody a[href^="/cases/"]');
    await decides(officer);
    for (const one of [employer, worker, officer]) await one.leaves();
  },

  async public(way) {
    await visitsAll(way);
    await applies(way);
    await accredits(way);
  },
};

// walked walks in one language, and says how long it took.
async function walked(names, how) {
  const way = await new Way({front, shots: options.shots, ...how}).start();
  try {
    for (const name of names) {
      const begun = Date.now();
      await walks[name](way);
      console.log(`walked ${name} in ${way.lang}, ${Math.round((Date.now() - begun) / 1000)} s`);
    }
    if (options.every && way.looking) for (const one of forgotten(way.visited)) lacking.add(one);
  } finally {
    await way.close();
  }
}

const lacking = new Set();
let failed;
try {
  for (const lang of options.lang) await walked(options.walk, {lang});
  for (const lang of options.also) await walked(['case'], {lang, looking: false});
} catch (failure) {
  failed = failure;
}
const code = report() || (lacking.size ? 1 : 0);
for (const one of lacking) console.log(`BAD nobody has looked at ${one}`);
if (failed) console.log(`STOPPED ${failed.stack}`);
process.exitCode = failed ? 2 : code;
