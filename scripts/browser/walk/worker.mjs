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
  await worker.waits('#offer');
  await worker.sees('worker-offer-has-come', /^\/exchanges\/[^/]+$/);
  await worker.presses('#offer');
  await worker.sees('worker-offer-seen', /\/offer$/);
  await worker.presses('main a[href$="/decline"]');
  await worker.sees('worker-offer-decline', /\/decline$/);
  await worker.presses('main form a[href$="/offer"]');
  await worker.presses('form[action$="/offer"] button[type=submit]');
  await worker.waits('main a[href^="/cards/"]');
  await worker.sees('worker-offer-kept', /^\/exchanges\/[^/]+$/);
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

// pays at the payment provider, and comes back; gives the address of the application.
export async function pays(worker) {
  const back = new URL(worker.page.url()).pathname;
  // Whoever says so too early is not harmed: UDI asks the payment provider.
  await worker.presses(`form[action="${back}/paid"] button`);
  await worker.sees('worker-steps-paid', '/steps');
  await worker.goes(back);
  await worker.presses('#pay');
  await worker.presses('form button');
  await worker.sees('worker-fee-paid');
  await worker.asks('/steps', '.ks-steps li:nth-child(3).ks-step-done'); // by itself
  return back;
}

// lastSees has everything: cards, notices, history and who has read what.
export async function lastSees(worker) {
  await worker.asks('/steps', '.ks-steps li:last-child.ks-step-done');
  await worker.sees('worker-steps-done', '/steps');
  await worker.views('worker-cards-all', '/');
  for (const name of ['notices', 'more', 'history', 'reads', 'delete', 'offline']) await worker.views(`worker-${name}`, `/${name}`);
}

// appeals against a refusal.
export async function appeals(worker, application) {
  await worker.asks('/notices', 'main .ks-card:nth-child(3)'); // received, paid, refused
  await worker.views('worker-refused', application);
  await worker.views('worker-appeal', application + '/appeal');
  await worker.writes({grounds: 'I have sent the missing papers.'});
  await worker.presses('main form button[type=submit]');
  await worker.sees('worker-appealed', '/steps');
}
