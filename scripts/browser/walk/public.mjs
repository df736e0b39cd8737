// Pages that anybody may read, and those of the registry.

// visitsAll looks at the public pages of every service.
export async function visitsAll(way) {
  for (const [service, pages] of Object.entries({
    front: {'front': '/'},
    registry: {'registry-home': '/', 'registry-employers': '/employers', 'registry-trust-list': '/trust-list/view', 'registry-for-me': '/for-me'},
    issuer: {'employer-home': '/', 'accessibility-statement': '/accessibility'},
    verifier: {'udi-home': '/', 'udi-apply': '/apply'},
    police: {'police-home': '/'},
    tax: {'tax-home': '/'},
    bank: {'bank-home': '/'},
    wallet: {'worker-recover': '/recover'},
  })) {
    const reader = await way.comes(service, {phone: service === 'wallet'});
    for (const [name, path] of Object.entries(pages)) {
      await reader.goes(path);
      await reader.speaks();
      await reader.sees(name, path);
    }
    await reader.leaves();
  }
}

// applies is an employer that wants to be accredited.
export async function applies(way) {
  const manager = await way.enters('registry', 'per', '/application');
  await manager.sees('registry-not-applied', '/application');
  await manager.presses('main a[href="/application/form"]');
  await manager.sees('registry-apply', '/application/form');
  await manager.writes({'signatory.name': 'Per Sande', 'signatory.role': 'daglig leder', contact_email: 'per@example.com', municipality: '0301'});
  await manager.presses('main form button[type=submit]');
  await manager.sees('registry-application', '/application');
  await manager.views('registry-signatory', '/application/signatories/new');
  await manager.views('registry-signatory-end', '/application/signatories/0/end');
  await manager.leaves();
}

// accredits is the programme with its queue and its numbers.
export async function accredits(way) {
  const programme = await way.enters('registry', 'siri', '/accreditations');
  await programme.sees('registry-queue', '/accreditations');
  await programme.presses('main tbody a');
  await programme.sees('registry-accreditation');
  const at = new URL(programme.page.url()).pathname;
  await programme.presses(`main a[href^="${at}/attest/"]`);
  await programme.sees('registry-attest');
  await programme.writes({met: 'yes', reference: 'kontrollert i dag'});
  await programme.presses('main form button[type=submit]');
  await programme.sees('registry-attested', at);
  await programme.views('registry-accredit', at + '/accredit');
  await programme.goes('/accreditations?state=accredited');
  await programme.presses('main tbody a');
  await programme.sees('registry-accredited');
  const pilot = new URL(programme.page.url()).pathname;
  for (const verb of ['suspend', 'reinstate', 'revoke']) await programme.views(`registry-${verb}`, `${pilot}/${verb}`);
  await programme.views('registry-employer', '/employers/' + pilot.split('/').at(-1));
  await programme.leaves();
  const reader = await way.enters('verifier', 'siri', '/programme');
  await reader.sees('programme-dashboard', '/programme');
  await reader.leaves();
}
