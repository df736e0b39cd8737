// The officer of UDI: finds the case in the queue, reads it, decides.

// findsTheCase opens the newest case that waits, and gives its reference.
export async function findsTheCase(officer) {
  await officer.asks('/cases?newest=1', 'tbody a[href^="/cases/"]');
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

// looksAround sees the officer's other pages.
export async function looksAround(officer, ref) {
  for (const [name, path] of Object.entries({'udi-revoke': `/cases/${ref}/revoke`, 'udi-queue-all': '/cases?state=all'})) {
    await officer.goes(path);
    await officer.sees(name);
  }
}
