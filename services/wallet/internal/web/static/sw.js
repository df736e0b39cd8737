// Keeps what never changes, and a page for when there is no network. Nothing
// personal is kept: pages are always asked for.
'use strict';

const NAME = 'kompetansespor-1';
const OFFLINE = '/offline';

self.addEventListener('install', (event) => event.waitUntil(caches.open(NAME).then((kept) => kept.add(OFFLINE))));
self.addEventListener('activate', (event) => event.waitUntil(
  caches.keys().then((names) => Promise.all(names.filter((n) => n !== NAME).map((n) => caches.delete(n)))),
));
self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (request.mode === 'navigate') {
    event.respondWith(fetch(request).catch(() => caches.match(OFFLINE)));
  } else if (/^\/(static|wallet-static)\//.test(url.pathname) && url.searchParams.has('v')) {
    event.respondWith(caches.open(NAME).then(async (kept) => {
      const have = await kept.match(request);
      if (have) return have;
      const fresh = await fetch(request);
      if (fresh.ok) kept.put(request, fresh.clone());
      return fresh;
    }));
  }
});
