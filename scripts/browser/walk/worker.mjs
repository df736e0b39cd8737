// The worker, on a phone: makes a wallet, keeps the offer, applies, pays, and follows.

// makesAWallet makes a passkey and recovery codes.
export async function makesAWallet(worker) {
  await worker.goes('/');
  await worker.speaks();
  await worker.sees('worker-door');
  await worker.presses('form[action="/passkey/new"] button');
  await worker.sees('worker-codes', '/codes');
  await worker.presses('form[action="/codes"] button');
  await worker.sees('worker-codes-made', '/codes');
  await worker.presses('.ks-buttons a[href="/"]');
  await worker.sees('worker-no-cards', '/');
}

// readsTheGuide follows the employer's link to the three steps.
export async function readsTheGuide(worker, offer) {
  await worker.goes(offer.link);
  await worker.speaks();
  await worker.sees('worker-guide');
}

// keepsTheOffer opens the link in the wallet and keeps the offer.
export async function keepsTheOffer(worker, offer) {
  await worker.goes('/receive');
  await worker.sees('worker-receive', '/receive');
  await worker.writes({link: offer.link, code: offer.words});
  await worker.presses('form[action="/receive"] button[type=submit]');
  await worker.waits('main a[href^="/cards/"]');
  await worker.sees('worker-offer-kept', /^\/exchanges\//);
  await worker.presses('main a[href^="/cards/"]');
  await worker.sees('worker-card-offer', /^\/cards\//);
  await worker.goes('/');
  await worker.sees('worker-cards', '/');
}

// applies gives consent, claim by claim, and signs.
export async function applies(worker) {
  await worker.goes('/steps');
  await worker.sees('worker-steps-apply', '/steps');
  await worker.presses('main a[href="/apply"]');
  await worker.sees('worker-consent', '/apply');
  await worker.writes({shares: 'payroll_account', signed: 'yes'});
  await worker.presses('form[action="/apply"] button[type=submit]');
  await worker.waits('#pay');
  await worker.sees('worker-applied', /^\/exchanges\//);
}

// pays at the payment provider, and comes back.
export async function pays(worker) {
  const back = new URL(worker.page.url()).pathname;
  await worker.presses('#pay');
  await worker.presses('form button');
  await worker.sees('worker-fee-paid');
  await worker.goes(back);
  await worker.presses(`form[action="${back}/paid"] button`);
  await worker.sees('worker-steps-paid', '/steps');
}

// lastSees has everything: cards, notices, history and who has read what.
export async function lastSees(worker) {
  await worker.asks('/steps', '.ks-steps li:last-child.ks-step-done');
  await worker.sees('worker-steps-done', '/steps');
  await worker.goes('/');
  await worker.sees('worker-cards-all', '/');
  for (const [name, path] of Object.entries({
    'worker-notices': '/notices', 'worker-more': '/more', 'worker-history': '/history', 'worker-reads': '/reads', 'worker-delete': '/delete',
  })) {
    await worker.goes(path);
    await worker.sees(name, path);
  }
}
