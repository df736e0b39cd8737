// Pages that anybody may read, and those of the registry.

// visitsAll looks at the public pages of every service.
export async function visitsAll(way) {
  for (const [service, pages] of Object.entries({
    front: {'front': '/'},
    registry: {'registry-home': '/', 'registry-employers': '/employers', 'registry-trust-list': '/trust-list/view', 'registry-for-me': '/for-me'},
    issuer: {'employer-home': '/', 'accessibility-statement': '/accessibility'},
    verifier: {'udi-home': '/', 'udi-apply': '/apply'},
    police: {'police-home': '/'},
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

// accredits is the programme with its queue and its numbers.
export async function accredits(way) {
  const programme = await way.enters('registry', 'siri', '/accreditations');
  await programme.sees('registry-queue', '/accreditations');
  await programme.goes('/accreditations?state=accredited');
  await programme.presses('main tbody a');
  await programme.sees('registry-accreditation');
  await programme.leaves();
  const reader = await way.enters('verifier', 'siri', '/programme');
  await reader.sees('programme-dashboard', '/programme');
  await reader.leaves();
}
