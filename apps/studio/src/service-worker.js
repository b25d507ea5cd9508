// The studio without a network: the shell is kept, what has a hash in its name is kept as it is met, answers of the server
// never are.
const SHELL = SHELL_FILES;
const kept = "studio-" + hash(JSON.stringify(SHELL));

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(kept).then((cache) => cache.addAll(SHELL)));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  const clean = async () => {
    for (const name of await caches.keys()) if (name !== kept) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(clean());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && !/^\/(v1|sdapi|docs|openapi|metrics|healthz|readyz)/.test(url.pathname))
    event.respondWith(fetch(request).catch(() => caches.match("/")));
  else if (url.pathname.startsWith("/assets/") || SHELL.includes(url.pathname))
    event.respondWith(cacheFirst(request, kept));
});

/** From the cache, or from the network and into the cache. */
async function cacheFirst(request, name) {
  const cache = await caches.open(name);
  const there = await cache.match(request);
  if (there) return there;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

/** FNV-1a: a short name for a list of files. */
function hash(text) {
  let value = 0x811c9dc5;
  for (const c of text) value = Math.imul(value ^ c.charCodeAt(0), 0x01000193) >>> 0;
  return value.toString(16);
}
