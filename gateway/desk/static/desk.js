// Makes the pages of the desk live. The server renders every page in full; this
// script hears over /desk/events that something changed, fetches the page it is on
// again and brings the parts marked data-live up to date, in place: what is typed,
// the focus and a selection stay. Without it, everything works after a reload.
'use strict';
{
  const words = document.body.dataset;
  const live = document.getElementById('live');
  const text = () => document.querySelector('textarea#text:not([readonly])');

  // Times are the browser's own, and those that count go on counting.
  const two = (n) => String(n).padStart(2, '0');
  const day = (d) => `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  const clock = (d) => (day(d) === day(new Date()) ? '' : day(d) + ' ') + two(d.getHours()) + ':' + two(d.getMinutes());

  // span writes a duration like the function of that name in functions.go.
  const span = (ms) => {
    const minutes = Math.floor(Math.max(ms, 0) / 60000);
    const hours = Math.floor(minutes / 60);
    if (hours < 1) return `${minutes} min`;
    return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
  };

  const write = (element, value) => element.textContent === value || (element.textContent = value);
  const tick = () => {
    for (const time of document.querySelectorAll('time')) {
      const at = new Date(time.dateTime);
      if ('clock' in time.dataset) write(time, clock(at));
      if ('since' in time.dataset) write(time, span(Date.now() - at));
      if ('until' in time.dataset) write(time, span(at - Date.now()));
    }
  };

  // update makes one node like another and keeps what need not change: a form that
  // someone types in, the focus, a selection.
  const update = (old, next) => {
    if (old.isEqualNode(next)) return;
    if (old.nodeName !== next.nodeName || old.id !== next.id) {
      const typed = old.querySelector?.('textarea');
      // What was written stays, even where it can't be sent any more: the server
      // says why when it is tried.
      if (!typed?.value || next.querySelector?.('textarea')) old.replaceWith(next);
      return;
    }
    if (old.nodeType !== Node.ELEMENT_NODE) return void (old.nodeValue = next.nodeValue);
    // What somebody unfolded stays so.
    const keeps = (name) => next.hasAttribute(name) || (name === 'open' && old.nodeName === 'DETAILS');
    for (const { name } of [...old.attributes]) if (!keeps(name)) old.removeAttribute(name);
    for (const { name, value } of next.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    if (old.nodeName !== 'TEXTAREA') updateChildren(old, next);
  };

  const updateChildren = (old, next) => {
    const wanted = new Set([...next.children].map((child) => child.id).filter(Boolean));
    // What left goes first, so that what stays is in its place already.
    for (const child of [...old.children]) if (child.id && !wanted.has(child.id)) child.remove();
    let at = old.firstChild;
    for (const child of [...next.childNodes]) {
      const known = child.id && [...old.children].find((element) => element.id === child.id);
      if (known && known !== at) old.insertBefore(known, at);
      const match = known || (at && !at.id && !child.id && at);
      if (!match) {
        old.insertBefore(child, at);
        continue;
      }
      at = match.nextSibling;
      update(match, child);
    }
    while (at) at = [at.nextSibling, at.remove()][0];
  };

  // arrive makes a new handoff visible: the title has the number, with a mark until
  // someone looks, and the page says it.
  const arrive = () => {
    const notice = document.getElementById('arrived');
    notice.textContent = words.arrived;
    notice.hidden = false;
    setTimeout(() => (notice.hidden = true), 8000);
    document.getElementById('nav-waiting')?.classList.add('fresh');
  };
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) document.title = document.title.replace(/^● /, '');
  });

  const show = (page) => {
    const before = Number(document.getElementById('nav')?.dataset.newest);
    for (const part of page.querySelectorAll('[data-live]')) {
      const old = document.getElementById(part.id);
      if (old) update(old, part);
    }
    const more = Number(document.getElementById('nav')?.dataset.newest) > before;
    const marked = document.hidden && (more || document.title.startsWith('● '));
    document.title = (marked ? '● ' : '') + page.title;
    tick();
    if (more) arrive();
  };

  // say tells how the connection is.
  const say = (state) => {
    write(live, { on: words.liveOn, off: words.liveOff, expired: words.liveExpired }[state]);
    live.className = 'live ' + state;
    live.hidden = false;
  };

  let [busy, again] = [false, false]; // a page is fetched, and another one has to be
  let held = false; // a pointer is down: nothing may move under it
  let over = false; // the session ended

  const load = async () => {
    const answer = await fetch(words.self, { headers: { Accept: 'text/html' } });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    over = new URL(answer.url).pathname === '/desk/sign-in';
    if (over) return say('expired');
    if (answer.redirected) return location.replace(answer.url); // the conversation has a handoff now
    if (!answer.ok) throw new Error(answer.status);
    show(page);
    say('on');
  };

  const refresh = async () => {
    again = busy || held;
    if (again) return;
    busy = true;
    try {
      await load();
    } catch {
      say('off');
      setTimeout(refresh, 5000);
    }
    busy = false;
    if (again) refresh();
  };

  const listen = () => {
    const stream = new EventSource('/desk/events?since=' + encodeURIComponent(words.revision));
    addEventListener('pagehide', () => stream.close());
    stream.addEventListener('open', () => say('on'));
    stream.addEventListener('change', refresh);
    stream.addEventListener('error', async () => {
      if (over) return;
      say('off');
      if (stream.readyState !== EventSource.CLOSED) return; // it comes back by itself
      await refresh();
      if (!over) setTimeout(listen, 5000);
    });
  };

  // Keys: j and k move along the list, r goes to the reply, Ctrl+Enter sends, 1 and 2
  // say of an answer that it is right or wrong.
  const key = (event) => {
    const typing = event.target.closest?.('input, textarea, select');
    const control = event.ctrlKey || event.metaKey;
    if (typing && control && event.key === 'Enter') typing.form?.requestSubmit();
    if (typing || control || event.altKey) return;
    if (event.key === 'r' && text()) {
      event.preventDefault();
      text().focus();
    }
    const says = { 1: 'yes', 2: 'no' }[event.key];
    if (says) document.activeElement.closest('.audit')?.querySelector(`[value=${says}]`)?.click();
    const step = { j: 1, k: -1 }[event.key];
    if (!step) return;
    const links = [...document.querySelectorAll('a.open')];
    const to = links.indexOf(document.activeElement.closest('.row, .audit')?.querySelector('a.open')) + step;
    links[Math.max(0, Math.min(to, links.length - 1))]?.focus();
  };

  // The draft goes into the box without losing what is there.
  const useDraft = (event) => {
    if (!event.target.closest?.('#use-draft') || !text()) return;
    event.preventDefault();
    const draft = document.getElementById('draft').textContent;
    text().value = text().value.trim() ? text().value.trimEnd() + '\n\n' + draft : draft;
    text().focus();
  };

  // The message to answer is chosen without leaving the page: what is written and the
  // file that was chosen stay.
  const quote = async (event) => {
    const link = event.target.closest?.('a.quote-this');
    if (!link || !text()) return;
    event.preventDefault();
    words.self = link.pathname + link.search;
    await refresh();
    history.replaceState(null, '', words.self);
    text()?.focus();
  };

  const copy = async (event) => {
    const button = event.target.closest?.('[data-copy]');
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    write(button, button.dataset.copied);
  };

  // The preview of a template follows what is typed, and a file that is too large is
  // refused before it is sent.
  const check = (event) => {
    for (const slot of document.querySelectorAll('[data-slot]')) {
      if (slot.dataset.slot === event.target.id) write(slot, event.target.value.trim() || slot.dataset.empty);
    }
    const { most, large } = event.target.dataset;
    if (most) event.target.setCustomValidity(event.target.files[0]?.size > Number(most) ? large : '');
  };

  // What is written outlives a reload and another form, until it was sent.
  const keep = (event) => {
    if (event.target === text()) sessionStorage.setItem(event.target.form.action, event.target.value);
  };
  const restore = () => {
    if (text()?.form && location.search.includes('done=reply')) sessionStorage.removeItem(text().form.action);
    if (text()?.form && !text().value) text().value = sessionStorage.getItem(text().form.action) ?? '';
    if (!words.revision) sessionStorage.clear(); // the sign-in page: someone else may come
  };

  // A form is sent once, however often its button is pressed.
  const sent = new WeakSet();
  const once = (event) => (sent.has(event.target) ? event.preventDefault() : sent.add(event.target));
  document.documentElement.classList.add('scripted');
  addEventListener('pageshow', (event) => event.persisted && location.reload());

  for (const f of [useDraft, quote, copy]) document.addEventListener('click', f);
  for (const [name, f] of Object.entries({ keydown: key, input: keep, change: check, submit: once })) {
    document.addEventListener(name, f);
  }
  document.addEventListener('input', check);
  for (const name of ['pointerdown', 'pointerup', 'pointercancel']) {
    document.addEventListener(name, () => {
      held = name === 'pointerdown';
      if (again && !held) setTimeout(refresh, 100);
    });
  }
  restore();
  tick();
  setInterval(tick, 15000);
  if (live && words.revision) listen();
}
