// The employer: fills in the offer, reads it over, signs, and follows it.
import {readFileSync} from 'node:fs';
import {day} from './way.mjs';

// worker is somebody that no other walk has: a number makes name and passport.
export function worker(number) {
  const names = ['Amara', 'Bruna', 'Chidi', 'Devika', 'Emeka', 'Farah', 'Gabriela', 'Hana', 'Imani', 'Jun'];
  const surnames = ['Okafor', 'Silva', 'Nakamura', 'Iyer', 'Haddad', 'Kowalczyk', 'Mensah', 'Tan', 'Duarte', 'Rahman'];
  return {
    given_name: names[number % 10], family_name: surnames[Math.floor(number / 10) % 10],
    email: `worker${number}@example.com`, phone_number: '+1 212 555 0142',
    birthdate: `${String(1 + number % 28).padStart(2, '0')}.${String(1 + number % 12).padStart(2, '0')}.${1970 + number % 30}`,
    'passport.document_number': `X${String(10_000_000 + number)}`,
  };
}

// form is the offer form's other fields.
export const form = () => ({
  current_country: 'US',
  'employment.job_title': 'Forsker', 'employment.occupation': '2310', 'employment.start_date': day(21), 'employment.end_date': day(21 + 700),
  'employment.position_percentage': '100', 'employment.annual_salary': '634 700', 'employment.weekly_hours': '37,5',
  'employment.required_education_level': 'master', 'employment.workplace_municipality': '0301',
  'passport.issuing_authority': 'U.S. Department of State', 'passport.issuing_country': 'US',
  'passport.date_of_issuance': '01.02.2023', 'passport.date_of_expiry': '01.02.2033',
  'place_of_birth.locality': 'Boston', 'place_of_birth.country': 'US', nationalities: 'US', sex: '1',
  'declarations.qualifications_confirmed': 'yes', 'declarations.information_verified': 'yes',
});

// writesTheOffer goes from the list to a draft that is read over.
export async function writesTheOffer(employer, who) {
  await employer.sees('employer-offers', '/offers');
  await employer.presses('main a[href="/drafts/new"]');
  await employer.sees('employer-offer-form', '/drafts/new');
  // What is wrong is said at the field and above the form.
  await employer.presses('button[name=then][value=review]');
  await employer.page.locator('#summary').waitFor();
  await employer.sees('employer-offer-form-wrong', /^\/drafts/, {status: 422});
  await employer.writes({...form(), ...who});
  await employer.presses('button[name=then][value=review]');
  await employer.sees('employer-offer-review', /^\/drafts\/[^/]+\/review$/);
}

// signsTheOffer signs what is read over, and gives what the worker needs.
export async function signsTheOffer(employer) {
  await employer.presses('form[action$="/sign"] button[type=submit]');
  await employer.sees('employer-offer-signed', /^\/offers\/[^/]+$/);
  return offerOf(employer);
}

// offerOf is what the worker needs of the offer on the page: its link and words, and
// the address of the page itself.
export async function offerOf({page}) {
  return {
    path: new URL(page.url()).pathname,
    link: await page.locator('.ks-qr a').first().getAttribute('href'),
    words: (await page.locator('#code').innerText()).trim(),
  };
}

// looksAround sees the employer's other pages: what is found, changed, withdrawn, thrown
// away, and brought in from a file.
export async function looksAround(employer, offer, who) {
  const {page} = employer;
  await employer.goes('/offers');
  await employer.writes({words: who.family_name});
  await employer.presses('form[action="/offers/search"] button');
  await employer.sees('employer-offers-found');
  await employer.views('employer-offer-change', offer.path + '/change');
  await employer.views('employer-offer-withdraw', offer.path + '/withdraw');
  await employer.goes(offer.path);
  await employer.presses('form[action$="/copy"] button');
  await employer.sees('employer-draft', /^\/drafts\/[^/]+$/);
  await employer.presses('main a[href$="/delete"]');
  await employer.sees('employer-draft-delete', /\/delete$/);
  await employer.presses('main form button[type=submit]');

  await employer.views('employer-import', '/imports');
  const [download] = await Promise.all([page.waitForEvent('download'), employer.touches('a[href="/imports/template"]')]);
  const head = readFileSync(await download.path(), 'utf8').trim();
  await brings(employer, head + '\n' + head.replace(/[^;,]+/g, 'x') + '\n');
  await employer.sees('employer-import-wrong', '/imports', {status: 422});
  await employer.writes({'declarations.qualifications_confirmed': 'yes', 'declarations.information_verified': 'yes'});
  await brings(employer, `${columns}\n${row(who)}\n`);
  await employer.waits('main a[href$="/report"]');
  await employer.sees('employer-imported', /^\/imports\/[^/]+$/);
}

// columns and row are a file of offers of an employer who writes Norwegian.
const columns = 'Fornavn;Etternavn;Epost-adresse;Telefonnummer;Land;Fødselsdato;Fødested;Fødeland;Nasjonalitet;Kjønn;' +
  'Passnummer;Passutsteder;Utstederland;Utstedt dato;Gyldig til;Stillingstittel;Yrkeskode;Startdato;Stillingsprosent;Årslønn i NOK;Utdanningsnivå';
const row = who => [
  'Robin', who.family_name, `robin.${who.email}`, '+1 212 345 6789', 'USA', '02.03.1991', 'New York', 'US', 'US', 'Kvinne',
  `R${who['passport.document_number'].slice(1)}`, 'U.S. Department of State', 'US', '01.01.2023', '01.01.2033', 'Forsker', '2310', day(30), '100 %', '634 700 NOK', 'master',
].join(';');

// brings sends a file of offers.
async function brings(employer, text) {
  await employer.page.locator('[name=file]').setInputFiles({name: 'offers.csv', mimeType: 'text/csv', buffer: Buffer.from(text)});
  await employer.presses('form[action="/imports"] button[type=submit]');
}

// paysFrom sees the case done, and fetches what payroll needs.
export async function paysFrom(employer, offer) {
  await employer.views('employer-guide-done', '/invitations/' + offer.path.split('/').at(-1));
  await employer.asks(offer.path, `form[action="${offer.path}/payroll"] button`);
  await employer.sees('employer-offer-done', offer.path);
  await employer.presses(`form[action="${offer.path}/payroll"] button`);
  await employer.sees('employer-payroll');
}
