// Walks pages by keyboard alone. Every stop on the way must show that it has the
// focus (WCAG 2.1, 2.4.7), and nothing may hold it (2.1.2).

// tabTo presses Tab until something has the focus: a locator, or what is called by a
// text. It gives up after limit stops, or when it has been all around.
export async function tabTo(page, target, {limit = 150, back = false} = {}) {
  const visited = [];
  const walk = crypto.randomUUID();
  for (let i = 0; i < limit; i++) {
    await page.keyboard.press(back ? 'Shift+Tab' : 'Tab');
    const stop = await page.evaluate(focused, walk);
    if (stop && !stop.visible) throw new Error(`nothing shows that ${stop.name} has the focus`);
    if (stop && stop.again > 2) break; // all around, or caught
    visited.push(stop?.name ?? '(the window)');
    if (stop && await reached(target, stop)) return stop;
  }
  throw new Error(`Tab does not lead to ${target}; it led to ${visited.join(', ')}`);
}

async function reached(target, stop) {
  if (typeof target === 'string') return stop.name.replace(/\s+/g, ' ') === target;
  return await target.count() === 1 && target.evaluate(one => one === document.activeElement);
}

// focused tells of what has the focus, and how often it had it in this walk; it runs in
// the page.
function focused(walk) {
  const one = document.activeElement;
  if (!one || one === document.body || one === document.documentElement) return null;
  const labelled = one.getAttribute('aria-labelledby')?.split(/\s+/).map(id => document.getElementById(id)?.innerText).join(' ');
  const name = one.getAttribute('aria-label') || labelled || one.labels?.[0]?.innerText || one.innerText || one.value || one.title || one.tagName;
  const box = one.getBoundingClientRect();
  const marked = e => {
    const style = getComputedStyle(e);
    return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
  };
  const there = box.width > 1 && box.height > 1 && box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
  if (globalThis.tabbed?.walk !== walk) globalThis.tabbed = {walk, stops: new WeakMap()};
  const again = (globalThis.tabbed.stops.get(one) ?? 0) + 1;
  globalThis.tabbed.stops.set(one, again);
  return {name: name.trim(), tag: one.tagName.toLowerCase(), visible: there && marked(one), again};
}

// type writes into what has the focus.
export const type = (page, text) => page.keyboard.type(text);

// press presses a key, such as Enter, Space or ArrowDown, as often as said.
export async function press(page, key, times = 1) {
  for (let i = 0; i < times; i++) await page.keyboard.press(key);
}
