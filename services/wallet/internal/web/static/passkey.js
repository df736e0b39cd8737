// Making and using passkeys: WebAuthn level 3, with the options and answers that the
// server's forms carry.
'use strict';

for (const form of document.querySelectorAll('[data-passkey]')) {
  const said = form.querySelector('[role=status]');
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) {
    said.textContent = said.dataset.missing;
    continue;
  }
  form.hidden = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    said.textContent = '';
    const send = async (path, fields) => {
      const body = new URLSearchParams(new FormData(form));
      for (const [name, value] of Object.entries(fields)) body.set(name, value);
      const answer = await fetch(path, { method: 'POST', body, headers: { Accept: 'application/json' } });
      if (!answer.ok) throw new Error(answer.status);
      return answer.json();
    };
    try {
      const { publicKey } = await send(form.action, {});
      const made = form.dataset.passkey === 'make'
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
      const { to } = await send(form.action + '/done', { answer: JSON.stringify(made.toJSON()) });
      location.assign(to);
    } catch (failure) {
      said.textContent = failure.name === 'NotAllowedError' ? said.dataset.broken : said.dataset.failed;
    }
  });
}

if ('serviceWorker' in navigator) navigator.serviceWorker.register('/sw.js').catch(() => {});
