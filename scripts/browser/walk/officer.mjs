// The officer of UDI: finds the case in the queue, reads it, decides.

// findsTheCase opens the newest case that waits, and gives its reference.
export async function findsTheCase(officer) {
  await officer.asks('/cases?order=newest', 'tbody a[href^="/cases/"]');
  await officer.sees('udi-queue', '/cases');
  await officer.presses('tbody tr a[href^="/cases/"]');
  await officer.waits('#decide');
  await officer.sees('udi-case', /^\/cases\/[^/]+$/);
  return new URL(officer.page.url()).pathname.split('/').at(-1);
}

// grants reads the letter and grants.
export async function grants(officer) {
  await officer.presses('#decide');
  await officer.sees('udi-decide', /\/decide$/);
  await officer.writes({outcome: 'granted', note: 'Alle vilkår er oppfylt.'});
  await officer.presses('main form button[type=submit]');
  await officer.sees('udi-decide-letter', /\/preview$/);
  await officer.presses('form[action$="/decide"] button[type=submit]');
  await officer.sees('udi-case-granted', /^\/cases\/[^/]+$/);
}

// refuses reads the letter and refuses.
export async function refuses(officer, ref) {
  for (const verb of ['withdraw', 'resume']) await officer.views(`udi-${verb}`, `/cases/${ref}/${verb}`);
  await officer.goes(`/cases/${ref}`);
  await officer.presses('#decide');
  await officer.writes({outcome: 'refused'});
  await officer.page.locator('[name=reason_code]').selectOption({index: 1});
  await officer.presses('main form button[type=submit]');
  await officer.sees('udi-refuse-letter', /\/preview$/);
  await officer.presses('form[action$="/decide"] button[type=submit]');
  await officer.sees('udi-case-refused', /^\/cases\/[^/]+$/);
  await officer.views('udi-paper-appeal', `/cases/${ref}/paper-appeal`);
}

// handlesTheAppeal sends it on to UNE, and writes down what UNE decides.
export async function handlesTheAppeal(officer, ref) {
  const at = `/cases/${ref}`;
  await officer.asks(at, `a[href="${at}/appeal"]`);
  await officer.sees('udi-case-appealed', at);
  await officer.views('udi-appeal', at + '/appeal');
  await officer.writes({ruling: 'forward'});
  await officer.presses('main form button[type=submit]');
  await officer.sees('udi-case-forwarded', at);
  await officer.views('udi-une', at + '/une');
  await officer.writes({ruling: 'une_upheld'});
  await officer.presses('main form button[type=submit]');
  await officer.sees('udi-case-upheld', at);
}

// looksAround sees the officer's other pages.
export async function looksAround(officer, ref) {
  await officer.views('udi-revoke', `/cases/${ref}/revoke`);
  await officer.views('udi-queue-all', '/cases?state=all');
  // What is not there, and what is not theirs.
  await officer.views('udi-no-case', '/cases/case_00000000000000000000000000000000', {status: 404});
  await officer.views('udi-not-yours', '/programme', {status: 403});
  await officer.goes('/cases');
  await officer.presses('form[action="/sign-out"] button');
  await officer.sees('udi-signed-out');
}
