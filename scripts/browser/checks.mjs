// What is asked of a page from inside it. Each function is sent to the browser as
// text, so none may use another or anything around it. They give findings: what they
// found wrong, in words.

// structure: what every page has, whatever it is about.
export function structure(lang) {
  const wrong = [];
  const say = (kind, text) => wrong.push({kind, text});
  const shown = element => element.checkVisibility({visibilityProperty: true});

  const headings = [...document.querySelectorAll('h1')].filter(shown);
  if (headings.length !== 1) say('h1', `${headings.length} headings of the first level`);
  if (headings.some(h => !h.innerText.trim())) say('h1', 'the heading of the first level says nothing');
  if (!document.title.trim()) say('title', 'no title');
  if (document.documentElement.lang !== lang) {
    say('lang', `the page says lang="${document.documentElement.lang}", and "${lang}" is in force`);
  }
  const mains = [...document.querySelectorAll('main, [role=main]')].filter(shown);
  if (mains.length !== 1) say('main', `${mains.length} main landmarks`);

  // Positive tabindexes come before everything else. A modal dialog has the focus to
  // itself.
  if (!document.querySelector('dialog:modal')) {
    const stops = [...document.querySelectorAll(
      'a[href], area[href], button, input:not([type=hidden]), select, textarea, summary, iframe, audio[controls], video[controls], [tabindex], [contenteditable]',
    )].filter(one => one.tabIndex >= 0 && !one.disabled && !one.closest('[inert], fieldset:disabled') && shown(one));
    const first = stops.toSorted((a, b) => (a.tabIndex || Infinity) - (b.tabIndex || Infinity) || 0)[0];
    const target = first?.getAttribute('href')?.startsWith('#') && document.getElementById(first.hash.slice(1));
    if (!target || mains.length && !mains.some(main => main.contains(target) || target.contains(main))) {
      say('skip', `Tab leads first to ${first ? `“${(first.innerText || first.name || first.tagName).trim().slice(0, 40)}”` : 'nothing'}, not past the header to main`);
    } else {
      const before = document.activeElement;
      first.focus({preventScroll: true});
      const box = first.getBoundingClientRect();
      if (box.width < 2 || box.height < 2 || box.right <= 0 || box.bottom + scrollY <= 0) say('skip', 'the skip link stays hidden when it has the focus');
      first.blur();
      before?.focus?.({preventScroll: true});
    }
  }

  // A code is for another device; who reads on this one, or cannot see it, needs the link.
  for (const img of document.querySelectorAll('img')) {
    const named = img.src.startsWith('data:') ? '' : img.getAttribute('src');
    if (!img.closest('.ks-qr') && !/\bqr/i.test(`${img.alt} ${named} ${img.className}`)) continue;
    const around = img.closest('figure, section');
    if (![...around?.querySelectorAll('a[href]') ?? []].some(a => shown(a) && a.innerText.trim())) {
      say('qr', `no link beside the code “${img.alt}”`);
    }
  }

  // Missing texts are printed as ⟦key⟧, wherever they stand; values that were not
  // filled in stay as {name}.
  for (const key of new Set(document.documentElement.outerHTML.match(/⟦[^⟧]{0,80}⟧?|\{\{[a-z]+\.[a-z.-]+\}\}/g))) {
    say('text', `a text is missing: ${key}`);
  }
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const hole = walk.currentNode.data.match(/\{[a-z][a-z_-]*\}/);
    if (hole && !walk.currentNode.parentElement.closest('code, pre, script, style')) say('text', `a value is missing: ${hole[0]}`);
  }
  return wrong;
}

// fit: that everything is within the window and its own box, at the window's present
// width. A part may scroll by itself when it can be reached by Tab.
export function fit() {
  const wrong = [];
  const wide = document.documentElement.clientWidth;
  const name = e => `<${e.tagName.toLowerCase()}${e.id ? ` id="${e.id}"` : e.classList.length ? ` class="${e.classList}"` : ''}>`;
  const shown = e => e.checkVisibility({visibilityProperty: true});
  const scrolls = e => /auto|scroll/.test(getComputedStyle(e).overflowX);
  const tucked = e => { // for screen readers only, or off screen until it has the focus
    for (; e && e !== document.body; e = e.parentElement) {
      const style = getComputedStyle(e);
      if (style.clipPath !== 'none' || (style.clip !== 'auto' && style.position === 'absolute')) return true;
    }
    return false;
  };

  const reach = Math.max(document.documentElement.scrollWidth, document.body.scrollWidth);
  if (reach > wide + 1 && !scrolls(document.body)) wrong.push({kind: 'sideways', text: `the page is ${reach} px wide in a window of ${wide}`});

  const out = [];
  for (const e of document.body.querySelectorAll('*')) {
    if (!shown(e) || e.closest('svg svg, svg *, option')) continue;
    const box = e.getBoundingClientRect();
    if (!box.width || !box.height) continue;
    let inside = false;
    for (let up = e.parentElement; up && up !== document.body; up = up.parentElement) inside ||= scrolls(up);
    if (scrolls(e) && e.scrollWidth > e.clientWidth + 1 && e.tabIndex < 0 && !e.querySelector('a[href], button, input, select, textarea')) {
      wrong.push({kind: 'overflow', text: `${name(e)} scrolls, and no key reaches it`});
    }
    if (inside || (box.right <= wide + 1 && box.left >= -1) || tucked(e)) continue;
    // The outermost is enough.
    if (!out.some(o => o.contains(e))) out.push(e);
  }
  for (const e of out.slice(0, 5)) wrong.push({kind: 'overflow', text: `${name(e)} sticks out of the window`});

  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const told = new Set();
  while (walk.nextNode()) {
    const text = walk.currentNode;
    if (!text.data.trim() || !shown(text.parentElement) || text.parentElement.closest('svg, option, select, script, style')) continue;
    let block = text.parentElement;
    while (block !== document.body && /^(inline|contents)$/.test(getComputedStyle(block).display)) block = block.parentElement;
    if (told.has(block) || scrolls(block) || tucked(block)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const box = block.getBoundingClientRect();
    if ([...range.getClientRects()].some(r => r.width > 1 && (r.right > box.right + 2 || r.left < box.left - 2))) {
      told.add(block);
      wrong.push({kind: 'overflow', text: `“${text.data.trim().slice(0, 40)}” runs out of ${name(block)}`});
    }
  }
  return wrong;
}
