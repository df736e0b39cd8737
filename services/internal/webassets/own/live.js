// What makes pages nicer where there are scripts. Every page works without.
'use strict';

// Parts that renew themselves: data-live is where their stream is.
for (const part of document.querySelectorAll('[data-live]')) {
  const source = new EventSource(part.dataset.live);
  let shown = null;
  source.onmessage = ({ data }) => {
    if (data === shown) return;
    const first = shown === null;
    shown = data;
    const fresh = document.createElement('template');
    fresh.innerHTML = data;
    if (first && part.innerHTML.trim() === data.trim()) return;
    const focused = part.contains(document.activeElement) ? document.activeElement.id : '';
    part.replaceChildren(fresh.content);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    part.ariaBusy = 'false';
    ready(part);
  };
  addEventListener('pagehide', () => source.close());
}

// Buttons that only scripts can serve are hidden until then.
function ready(root) {
  for (const one of root.querySelectorAll('.ks-js')) one.hidden = false;
}
ready(document);

document.addEventListener('click', async (event) => {
  const copy = event.target.closest('[data-copy]');
  if (copy) {
    const from = document.querySelector(copy.dataset.copy);
    const said = document.querySelector(copy.dataset.copied);
    try {
      await navigator.clipboard.writeText(from.href || from.textContent.trim());
      said.textContent = said.dataset.text;
    } catch {
      getSelection().selectAllChildren(from);
    }
  }
  if (event.target.closest('[data-print]')) print();
});

// A form is sent once, however often its button is pressed.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!form.matches('[data-once]')) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = 'yes';
});
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('[data-sent]')) delete form.dataset.sent;
});

// Choosing is enough where a form says so.
document.addEventListener('change', (event) => {
  if (event.target.matches('[data-submit]')) event.target.form.requestSubmit();
});

// Who has been away is asked two minutes before the session ends: once, also when the
// question is put away with Escape, unless the session is kept.
const dialog = document.getElementById('session-warning');
if (dialog) {
  const endOf = (page) => Number(page.body.dataset.sessionEnds) * 1000;
  let ends = endOf(document);
  let asked = 0;
  setInterval(() => {
    const left = ends - Date.now();
    if (left > 0 && left < 120000 && asked !== ends) {
      asked = ends;
      dialog.showModal();
    }
    if (left <= 0 && dialog.open) location.reload();
  }, 5000);
  dialog.addEventListener('submit', async (event) => {
    event.preventDefault();
    const form = event.target;
    try {
      const answer = await fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)) });
      // The answer leads to a page, and every page of a session says when that ends.
      const until = endOf(new DOMParser().parseFromString(await answer.text(), 'text/html'));
      if (!answer.ok || !until) throw new Error('refused');
      ends = until;
      dialog.close();
    } catch {
      form.submit();
    }
  });
}

// A form that was refused says so first.
document.getElementById('summary')?.focus();
