// The offer form and the officer's decision, by keyboard alone.
import {press, tabTo, type} from '../keyboard.mjs';
import {form} from './employer.mjs';

// fills goes through the fields of the form in the order of the page.
async function fills(person, fields) {
  const {page} = person;
  const names = await page.evaluate(() => [...new Set([...document.querySelectorAll('main form [name]')].filter(e => e.type !== 'hidden').map(e => e.name))]);
  for (const name of names) {
    const value = fields[name];
    if (value === undefined) continue;
    const all = page.locator(`main [name="${name}"]`);
    const first = all.first();
    const kind = await first.evaluate(e => (e.tagName === 'SELECT' ? 'select' : e.type));
    await tabTo(page, kind === 'radio' ? all.nth(await chosen(all)) : first);
    if (kind === 'select') await picks(page, first, value);
    else if (kind === 'radio') await moves(page, all, value);
    else if (kind === 'checkbox') await press(page, 'Space');
    else {
      await page.keyboard.press('ControlOrMeta+a');
      await type(page, value);
    }
  }
}

// chosen is the radio that Tab leads to: the one that is chosen, or the first.
const chosen = all => all.evaluateAll(radios => Math.max(0, radios.findIndex(r => r.checked)));

async function moves(page, radios, value) {
  await press(page, 'Space');
  for (let i = await radios.count(); i > 0; i--) {
    if (await page.evaluate(() => document.activeElement.value) === value) return;
    await press(page, 'ArrowDown');
  }
  throw new Error(`no arrow leads to ${value}`);
}

// picks types what the option says, as people do in a list.
async function picks(page, select, value) {
  const text = await select.locator(`option[value="${value}"]`).innerText();
  await type(page, text);
  if (await select.inputValue() !== value) throw new Error(`typing ${text} chooses ${await select.inputValue()}`);
}

// sends leads to a button and presses it, and waits for the page behind it.
async function sends(person, button, key = 'Enter') {
  await tabTo(person.page, person.one(button));
  const loaded = person.page.waitForEvent('load');
  await press(person.page, key);
  await loaded;
}

// writesAndSigns is the offer from the list to the signature.
export async function writesAndSigns(employer, who) {
  await sends(employer, 'main a[href="/drafts/new"]');
  // Past the header with the first key.
  await press(employer.page, 'Tab');
  await press(employer.page, 'Enter');
  await fills(employer, {...form(), ...who});
  await sends(employer, 'button[name=then][value=review]');
  await employer.sees('keyboard-offer-review', /\/review$/);
  await sends(employer, 'form[action$="/sign"] button[type=submit]', 'Space');
  await employer.sees('keyboard-offer-signed', /^\/offers\/[^/]+$/);
}

// decides is a case from the queue to the decision.
export async function decides(officer) {
  await sends(officer, 'tbody tr a[href^="/cases/"]');
  await officer.waits('#decide');
  await sends(officer, '#decide');
  await fills(officer, {outcome: 'granted', note: 'Alle vilkår er oppfylt.'});
  await sends(officer, 'main form[action$="/preview"] button[type=submit]');
  await officer.sees('keyboard-letter', /\/preview$/);
  await sends(officer, 'main form[action$="/decide"] button[type=submit]');
  await officer.sees('keyboard-case-granted', /^\/cases\/[^/]+$/);
}
