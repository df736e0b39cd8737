// Police, tax and bank: what each does of a case that was granted.

// meets is the officer of the police: the worker has come, and is who the passport says.
export async function meets(officer, ref) {
  await officer.goes('/today');
  await officer.sees('police-today', '/today');
  const visit = `/visits/${ref}`;
  await officer.asks(visit, `a[href="${visit}/control"]`);
  await officer.sees('police-visit', visit);
  for (const name of ['rebook', 'missed', 'control']) await officer.views(`police-${name}`, `${visit}/${name}`);
  await officer.writes({identity: 'confirmed'});
  for (const one of ['fingerprints', 'photo', 'signature']) await officer.writes({biometrics: one});
  await officer.presses('main form button[type=submit]');
  await officer.sees('police-visit-done', visit);
  for (const state of ['produced', 'delivered']) {
    await officer.asks(visit, `form[action="${visit}/card/${state}"] button`);
    await officer.presses(`form[action="${visit}/card/${state}"] button`);
  }
  await officer.sees('police-card-delivered', visit);
  await officer.views('police-early-start', '/early-start');
}

// registers is the clerk of the tax administration.
export async function registers(clerk, ref) {
  await clerk.views('tax-duplicates', '/persons');
  const person = `/persons/${ref}`;
  await clerk.asks(person, `a[href="${person}/tax-card"]`);
  await clerk.sees('tax-person', person);
  await clerk.views('tax-card', person + '/tax-card');
  for (const verb of ['duplicate', 'replace']) await clerk.views(`tax-${verb}`, `${person}/${verb}`);
  await clerk.views('tax-persons', '/persons?state=assigned');
}

// banks sees the customer.
export async function banks(clerk, ref) {
  await clerk.goes('/customers');
  await clerk.sees('bank-customers', '/customers');
  await clerk.asks(`/customers/${ref}`, 'main .ks-facts');
  await clerk.sees('bank-customer');
  await clerk.views('bank-close', `/customers/${ref}/close`);
}
