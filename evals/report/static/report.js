// Shows the cases of a report. They lie in the page as blocks of compressed JSON: the list
// is unpacked at once, a case when somebody opens it. Texts of customers only ever become
// text nodes. Without this script the figures and pictures are still there.
'use strict';
(async () => {
  const root = document.documentElement;
  const $ = (id) => document.getElementById(id);

  // Tables sort by a column, numbers by their value and words by the alphabet.
  for (const table of document.querySelectorAll('table.sortable')) {
    [...table.tHead.rows[0].cells].forEach((cell, at) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.append(...cell.childNodes);
      cell.append(button);
      button.addEventListener('click', () => {
        const up = cell.getAttribute('aria-sort') !== 'ascending';
        for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
        cell.setAttribute('aria-sort', up ? 'ascending' : 'descending');
        const value = (row) => row.cells[at].dataset.v ?? row.cells[at].textContent;
        const order = (a, b) => (isNaN(value(a)) || isNaN(value(b)) ? value(a).localeCompare(value(b)) : value(a) - value(b));
        const body = table.tBodies[0];
        body.append(...[...body.rows].sort((a, b) => (up ? order(a, b) : order(b, a))));
      });
    });
  }

  // The language is that of the address, or what was chosen last, or the file's own.
  let redraw = () => {};
  const kept = () => { try { return localStorage.getItem('recado_report_language'); } catch { return null; } };
  const speak = (language) => {
    if (language !== 'es' && language !== 'en') return;
    root.lang = language;
    $('switch').textContent = language === 'es' ? 'English' : 'Español';
    redraw();
  };
  $('switch').hidden = false;
  speak(new URLSearchParams(location.search).get('lang') ?? kept() ?? root.lang);
  $('switch').addEventListener('click', () => {
    speak(root.lang === 'es' ? 'en' : 'es');
    try { localStorage.setItem('recado_report_language', root.lang); } catch { /* it is asked again next time */ }
  });
  if (!$('index')) return;

  const unpack = async (id, texts) => {
    const bytes = Uint8Array.from(atob($(id).textContent.trim()), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    // A number behind the sign U+0001 stands for a long text that comes often.
    const revive = texts && ((_, v) => (typeof v === 'string' && v[0] === '\u0001' ? texts[v.slice(1)] : v));
    return JSON.parse(await new Response(stream).text(), revive);
  };

  let index;
  try {
    index = await unpack('index');
  } catch (problem) {
    $('cases').append(String(problem));
    return;
  }
  const t = (key) => index.words[key]?.[root.lang === 'es' ? 0 : 1] ?? '[' + key + ']';
  const word = (family, value) => (index.words[family + '_' + value] ? t(family + '_' + value) : value);
  const blocks = {};
  let texts;
  const detail = async (at) => {
    texts ??= unpack('texts');
    const n = Math.floor(at / index.per);
    blocks[n] ??= unpack('block-' + n, await texts);
    return (await blocks[n])[at % index.per];
  };

  // h makes an element, s one of a picture; what is no node becomes text, and nothing becomes nothing.
  const made = (element, props, children) => {
    for (const [key, value] of Object.entries(props ?? {})) {
      if (value === true) element.setAttribute(key, '');
      else if (value !== undefined && value !== false) element.setAttribute(key, value);
    }
    element.append(...children.flat(3).filter((c) => c !== undefined && c !== null && c !== false && c !== ''));
    return element;
  };
  const h = (tag, props, ...children) => made(document.createElement(tag), props, children);
  const picture = Object.assign(document.createElement('div'), { innerHTML: '<svg></svg>' }).firstChild.namespaceURI;
  const s = (tag, props, ...children) => made(document.createElementNS(picture, tag), props, children);
  const rect = (kind, x, width) => s('rect', { class: kind, x, y: 2, width: Math.max(width, 0.6), height: 6 });
  const strip = (...marks) => s('svg', { class: 'range', viewBox: '0 0 100 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, marks);
  const chip = (text, kind) => text && h('span', { class: 'chip ' + (kind ?? '') }, text);
  const part = (title, ...children) => (children.flat(3).some((c) => c) ? h('div', { class: 'part' }, h('h4', {}, title), children) : '');
  const fold = (title, ...children) => h('details', {}, h('summary', {}, title), children);
  const number = (v, digits = 3) => {
    const text = Number(v).toFixed(digits);
    return root.lang === 'es' ? text.replace('.', ',') : text;
  };
  const table = (heads, rows, kind) => rows.length > 0 && h('div', { class: 'scroll', tabindex: 0 }, h('table', { class: kind },
    heads.some((text) => text) && h('thead', {}, h('tr', {}, heads.map((text) => h('th', { scope: 'col' }, text)))),
    h('tbody', {}, rows.map((cells) => h('tr', {}, cells.map((cell) => h('td', {}, cell)))))));
  const yes = (ok) => chip(ok ? '✓ ' + t('ok') : '✕ ' + t('failed'), ok ? 'good' : 'bad');
  const json = (value) => JSON.stringify(value, null, 2);
  const kinds = { passed: 'good', failed: 'bad', outage: 'warn', skipped: 'warn', broken: 'bad', mended: 'good', other: 'warn', added: '' };

  const said = (list) => (list ?? []).map((text) => h('p', { class: 'said' }, text));
  const told = (list) => (list ?? []).map((one) => h('div', { class: 'told' }, one.text || '∅', (one.buttons ?? []).map((b) => h('span', { class: 'tap' }, b))));
  // What was said stands beside the check already.
  const decided = (list) => (list ?? []).map((d) => word('decision', d)).join(` ${t('or')} `);
  const got = (c) => (c.name === 'says' ? !c.ok && t('not_said') : c.name === 'never' ? !c.ok && t('was_said') : c.got);
  const want = (c) => (c.name === 'decision' ? decided(c.want?.split(' or ')) : index.words['want_' + c.want] ? t('want_' + c.want)
    : c.want?.replace(/^at most (\d+)/, `${t('at_most')} $1`).replace(/ characters$/, ' ' + t('characters')).replaceAll(' or ', ` ${t('or')} `));
  const rows = (list, file) => table([t('check'), t('state'), t('wanted'), t('got'), t('line')], list.map((c) => [
    word('check', c.name), [yes(c.ok), c.score > 0 && c.score < 1 && ' ' + number(c.score, 2)], want(c), c.name === 'decision' ? decided([c.got]) : got(c), c.line && h('code', {}, (file ? file + ':' : '') + c.line)]), 'checks');
  const checks = (list, file) => {
    const [bad, good] = [list.filter((c) => !c.ok), list.filter((c) => c.ok)];
    return [rows(bad, file), good.length > 0 && fold(`✓ ${good.length} ${t('checks_held')}`, rows(good, file))];
  };
  const did = (text) => (text === 'customer' || text === 'customer, spoken' ? word('did', text) : text);
  const decision = (step) => step.decision && h('p', { class: 'row' },
    chip(word('decision', step.decision), !step.expected?.length ? '' : step.expected.includes(step.decision) ? 'good' : 'bad'),
    step.expected?.length > 0 && !step.expected.includes(step.decision) && h('span', {}, t('expected') + ': ' + step.expected.map((d) => word('decision', d)).join(', ')),
    h('span', { class: 'soft' }, [step.rule && `${t('rule_head')}: ${step.rule}`, step.reason && `${t('reason_head')}: ${step.reason}`].filter((x) => x).join(' · ')));
  const confidence = (step) => step.scored && h('div', { class: 'part' },
    h('p', {}, h('b', {}, `${t('confidence')} ${number(step.confidence)}`), h('span', { class: 'soft' }, ` ${t('sent_at')} ${number(step.threshold)} · ${t('draft')}: `), chip(t(step.draft_right ? 'draft_right' : 'draft_wrong'), step.draft_right ? 'good' : 'bad')),
    strip(rect('rail', 0, 100), rect('reach', 0, 100 * step.confidence), s('rect', { class: 'mark-at', x: Math.min(98.8, 100 * step.threshold), y: 0, width: 1.2, height: 10 })));
  // Documents by their place, with what became of each.
  const documents = (step) => {
    const [relevant, used, cited] = [step.relevant ?? [], step.used ?? [], step.cited ?? []];
    if (!step.found?.length && !relevant.length) return '';
    return part(t('found_in'), h('ol', { class: 'docs' }, (step.found ?? []).map((d) => h('li', { class: relevant.includes(d) ? 'strong' : 'soft' }, d, ' ',
      [relevant.includes(d) && chip(t('right_one'), 'good'), cited.includes(d) ? chip(t('cited_one')) : used.includes(d) && chip(t('read_one'))]))),
    relevant.length > 0 && !relevant.some((d) => step.found?.includes(d)) && h('p', {}, chip(t('not_among'), 'bad'), ' ' + relevant.join(', ')));
  };
  const stages = (step) => {
    const list = Object.entries(step.stages_ns ?? {}).sort((a, b) => b[1] - a[1]);
    const tokens = step.usage?.input_tokens ? ` · ${step.usage.input_tokens} + ${step.usage.output_tokens} ${t('tokens')}` : '';
    const money = step.usage?.cost_micros ? ` · ${number(step.usage.cost_micros / 1e6, 5)}` : '';
    return step.took_ns > 0 && fold(`${t('stages')}: ${number(step.took_ns / 1e6, 1)} ms${tokens}${money}`,
      table(['', 'ms', ''], list.map(([k, v]) => [word('stage', k), number(v / 1e6, 2), strip(rect('here', 0, (100 * v) / list[0][1]))])));
  };

  const record = (r) => r && fold(t('record'),
    r.query && part(t('query'), h('p', { class: 'quote' }, r.query)),
    part(t('passages'), (r.passages ?? []).map((p) => fold([p.title, p.heading, p.question].filter((x) => x).join(' › ') || p.id,
      h('p', { class: 'quote', lang: p.locale }, p.text),
      h('p', { class: 'soft' }, `${p.source} · ${p.version} · ${t('meaning')} ${number(p.dense)} · ${t('lexical')} ${number(p.lexical, 2)} · ${t('fused')} ${number(p.score)}`)))),
    part(t('candidates'), table(['', t('meaning'), t('lexical'), t('fused'), t('ranks'), t('used')], (r.candidates ?? []).map((c) => [
      h('code', {}, c.chunk_id), number(c.dense), number(c.lexical, 2), number(c.score), `${c.dense_rank || '–'} / ${c.lexical_rank || '–'}`, c.used ? '✓' : '']))),
    part(t('sentences'), table(['', t('state'), ''], (r.sentences ?? []).map((x) => [x.text, yes(x.ok), [x.class, ...(x.backing ?? []), x.detail].filter((y) => y).join(' · ')]))),
    part(t('own_checks'), table([t('check'), t('state'), ''], (r.checks ?? []).map((c) => [c.name, yes(c.ok), c.detail]))),
    r.orders && Object.keys(r.orders).length > 0 && part(t('order_facts'), h('pre', { tabindex: 0 }, json(r.orders))),
    fold(t('raw'), h('pre', { tabindex: 0 }, json(r))));

  const stepOf = (step, at, file) => h('section', { class: 'step' },
    h('h4', {}, `${t('step')} ${at + 1} · ${did(step.did)}`),
    h('div', { class: 'beside' },
      h('div', { class: 'talk' }, said(step.said), step.replies?.length ? told(step.replies) : step.decision && !step.did.startsWith('the end') && h('p', { class: 'soft' }, t('silent')),
        step.draft && !step.replies?.some((one) => one.text.includes(step.draft)) && part(t('draft'), h('p', { class: 'quote' }, step.draft))),
      h('div', { class: 'facts-of' }, decision(step), checks(step.checks ?? [], file), confidence(step),
        part(t('actions'), table(['', '', '', ''], (step.actions ?? []).map((a) => [a.kind, a.order, Object.entries(a.args ?? {}).map(([k, v]) => k + '=' + v).join(', '), a.outcome]))),
        documents(step),
        Object.keys(step.features ?? {}).length > 0 && fold(t('features'), table(['', ''], Object.entries(step.features).map(([k, v]) => [k, number(v)]))),
        stages(step))),
    record(step.record));

  const marked = (pieces) => h('p', { class: 'quote' }, pieces.map((p) => (p.o ? h(p.o === '+' ? 'ins' : 'del', {}, p.t) : p.t)));
  const column = (title, r) => h('div', {}, h('h4', {}, title), h('p', {}, chip(word('status', r.outage ? 'outage' : r.skipped ? 'skipped' : r.passed ? 'passed' : 'failed'), r.outage || r.skipped ? 'warn' : r.passed ? 'good' : 'bad')),
    (r.steps ?? []).map((x) => [said(x.said), decision(x), told(x.replies), rows((x.checks ?? []).filter((c) => !c.ok))]));
  const compared = (d) => d.b && h('section', {}, h('h4', {}, t('differences')),
    d.d ? [marked(d.d), h('div', { class: 'two side-by-side' }, column(t('before'), d.b), column(t('now'), d.r))] : h('p', { class: 'soft' }, t('same_replies')));

  const tools = (c) => {
    const link = h('a', { href: address({ ...state, case: c.i }) }, t('link'));
    link.addEventListener('click', () => navigator.clipboard?.writeText(link.href).then(() => { link.textContent = t('linked'); }, () => {}));
    const step = (by, key) => {
      const button = h('button', { type: 'button' }, by < 0 ? '‹ ' + t(key) : t(key) + ' ›');
      button.addEventListener('click', () => walk(by, true));
      return button;
    };
    return h('p', { class: 'row tools' }, step(-1, 'previous'), step(1, 'next'), link);
  };
  const fill = async (box, c, at) => {
    try {
      const d = await detail(at);
      box.replaceChildren(...h('div', {},
        tools(c), (d.r.outage || d.r.skipped) && h('p', { class: 'problem' }, d.r.outage || d.r.skipped),
        c.w && h('p', { class: 'why' }, h('b', {}, word('cause', c.w) + '. '), word('mend', c.w)),
        h('p', { class: 'row soft' }, [d.r.language, d.r.variant, d.r.intent, d.r.risk && `${t('risk')}: ${d.r.risk}`, ...(d.r.tags ?? []), d.r.file && `${d.r.file}:${d.r.line}`].filter((x) => x).map((x) => h('span', {}, x))),
        compared(d), d.r.steps?.length ? d.r.steps.map((step, i) => stepOf(step, i, d.r.file)) : h('p', { class: 'soft' }, t('no_steps'))).childNodes);
    } catch {
      box.replaceChildren(h('p', { class: 'problem' }, t('unpack_failed')));
    }
  };

  const row = (c, at) => {
    const inside = h('div', { class: 'inside' });
    const box = h('details', { class: 'case', 'data-name': c.i },
      h('summary', {}, h('span', { class: 'head' }, chip(word('status', c.s), kinds[c.s]), c.k && chip(t('change_' + c.k), kinds[c.k]), h('span', { class: 'id' }, c.i),
        h('span', { class: 'soft' }, [(c.d ?? []).map((d) => word('decision', d)).join(', '), (c.c ?? []).map((n) => word('check', n)).join(', '), c.g].filter((x) => x).join(' · '))),
      h('span', { class: 'text' }, c.q), c.a && h('span', { class: 'text' }, '→ ' + c.a), c.w && h('span', { class: 'text cause' }, word('cause', c.w))), inside);
    box.addEventListener('toggle', () => {
      // A browser tells of it later, when the list may be another one.
      if (!box.isConnected) return;
      if (box.open) fill(inside, c, at);
      if (box.open) note({ ...state, case: c.i });
      else if (named(location.hash).get('case') === c.i) note(state);
    });
    return box;
  };

  // What is shown is the address: #status=failed&tag=policy&case=refund-card/es can be sent to somebody.
  const words = { q: 'text', s: 'status', w: 'cause', c: 'check', l: 'language', n: 'intent', t: 'tag', r: 'risk', v: 'variant', d: 'decision' };
  const page = 100;
  let state = {};
  let shown = 0;
  const address = (what) => {
    const query = new URLSearchParams();
    for (const key of [...Object.keys(words), 'case']) if (what[key]) query.set(words[key] ?? key, what[key]);
    return '#' + query.toString().replaceAll('%2F', '/');
  };
  const note = (what) => {
    try {
      history.replaceState(null, '', address(what) === '#' ? location.pathname + location.search : address(what));
    } catch { /* a browser that has had enough of changes; what is shown does not wait for the address */ }
  };
  const named = (hash) => new URLSearchParams(hash.includes('=') ? hash.slice(1) : '');
  const read = (hash) => {
    const query = named(hash);
    state = Object.fromEntries(Object.entries(words).map(([key, name]) => [key, query.get(name) ?? '']));
    return query.get('case');
  };
  const plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  for (const c of index.cases) c.text = plain([c.i, c.q, c.a, c.g, ...(c.t ?? []), ...(c.c ?? [])].join(' '));
  const among = (key, c) => !state[key] || (key === 'v' && state.v === 'written' ? !c.v : [c[key]].flat().includes(state[key]));
  const fits = (c) => (!state.s || (state.s === 'changed' ? c.k : c.s === state.s || c.k === state.s)) &&
    ['l', 'n', 't', 'd', 'r', 'v', 'c', 'w'].every((key) => among(key, c)) && (!state.q || c.text.includes(plain(state.q)));
  const values = (key) => [...new Set(index.cases.flatMap((c) => c[key] || []))].sort();

  const through = () => index.cases.map((c, at) => [c, at]).filter(([c]) => fits(c));
  const extend = () => {
    const [list, before] = [through(), shown];
    shown += page;
    $('list').append(...list.slice(before, shown).map(([c, at]) => row(c, at)));
    $('more').hidden = list.length <= shown;
  };
  const draw = () => {
    shown = 0;
    $('list').replaceChildren();
    extend();
    const n = through().length;
    if (!n) $('list').append(h('p', { class: 'soft' }, t('nothing_found')));
    $('count').textContent = `${n} ${t('of')} ${index.cases.length} ${t('shown')}`;
    $('clear').hidden = !Object.values(state).some((v) => v);
  };
  const change = (key, value) => { state[key] = value; note(state); draw(); };
  const pick = (key, label, options) => {
    if (options.length < 2 && !state[key]) return '';
    const select = h('select', { id: 'filter-' + key }, h('option', { value: '' }, t('all')), options.map(([value, text]) => h('option', { value, selected: state[key] === value }, text)));
    select.addEventListener('change', () => change(key, select.value));
    return h('label', {}, label, select);
  };
  const worded = (key, family) => values(key).map((v) => [v, word(family, v)]);
  const build = () => {
    const search = h('input', { type: 'search', id: 'filter-q', value: state.q, autocomplete: 'off' });
    search.addEventListener('input', () => change('q', search.value));
    const more = h('button', { type: 'button', id: 'more' }, t('more'));
    more.addEventListener('click', extend);
    const clear = h('button', { type: 'button', id: 'clear' }, t('clear'));
    clear.addEventListener('click', () => { state = {}; note(state); build(); });
    const states = ['failed', 'outage', 'skipped', 'passed'].filter((x) => x === 'failed' || x === 'passed' || values('s').includes(x)).map((x) => [x, t('status_' + x)]);
    if (index.base) states.push(['changed', t('change_any')], ...['broken', 'mended', 'other', 'added'].map((x) => [x, t('change_' + x)]));
    const variants = values('v').map((v) => [v, v]);
    const key = (letters, does) => [h('dt', {}, letters.map((x) => h('kbd', {}, x))), h('dd', {}, t(does))];
    $('cases').replaceChildren(h('h2', {}, t('cases')), h('div', { class: 'filters' }, h('label', { class: 'wide' }, t('search'), search),
      pick('s', t('status'), states), pick('w', t('cause'), worded('w', 'cause')), pick('c', t('checks'), worded('c', 'check')), pick('l', t('language'), values('l').map((v) => [v, v])),
      pick('n', t('intent'), values('n').map((v) => [v, v])), pick('t', t('tag'), values('t').map((v) => [v, v])), pick('r', t('risk'), values('r').map((v) => [v, v])),
      pick('v', t('variant'), variants.length ? [['written', t('written')], ...variants] : []), pick('d', t('decision'), worded('d', 'decision'))),
    h('div', { class: 'row counted' }, h('p', { class: 'soft', id: 'count', role: 'status' }), clear,
      h('details', { class: 'keys' }, h('summary', {}, t('keys')), h('dl', {}, key(['j', 'k'], 'key_move'), key(['Enter'], 'key_open'), key(['n', 'p'], 'key_walk'), key(['f'], 'key_failed'), key(['/'], 'key_search')), h('p', { class: 'soft' }, t('key_print')))),
    h('div', { id: 'list' }), more);
    draw();
  };

  const focus = (box, open) => {
    if (!box) return;
    if (open) box.open = true;
    box.firstChild.focus({ preventScroll: true });
    box.scrollIntoView({ block: open ? 'start' : 'nearest' });
  };
  // walk goes to the next case or the one before; with open it is opened in place of this one.
  const walk = (by, open) => {
    const listed = () => [...$('list').querySelectorAll('.case')];
    const here = document.activeElement.closest?.('.case') ?? listed().find((c) => c.open);
    const at = here ? listed().indexOf(here) + by : 0;
    if (at >= listed().length && !$('more').hidden) extend();
    if (open && here && listed()[at]) here.open = false;
    focus(listed()[at], open);
  };
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
      if (event.key === 'Escape') event.target.blur();
      return;
    }
    const does = { j: () => walk(1), k: () => walk(-1), n: () => walk(1, true), p: () => walk(-1, true), '/': () => $('filter-q').focus(), f: () => { change('s', state.s === 'failed' ? '' : 'failed'); build(); $('cases').scrollIntoView(); } }[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  });

  // open shows what a hash names, and makes it the address: a case, whatever the filters say, or the cases that they let through.
  const open = (hash) => {
    const before = JSON.stringify(state);
    const name = read(hash);
    if (JSON.stringify(state) !== before) build();
    const at = index.cases.findIndex((c) => c.i === name);
    if (hash.includes('=')) note({ ...state, case: at >= 0 ? name : '' });
    if (at >= 0 && ![...$('list').children].some((e) => e.dataset.name === name)) $('list').prepend(row(index.cases[at], at));
    if (at >= 0) focus([...$('list').children].find((e) => e.dataset.name === name), true);
    else if (hash.includes('=')) $('cases').scrollIntoView();
  };
  redraw = build;
  open(location.hash);
  // The address may have been noted anew before this is told of: who followed the link is shown what it names.
  addEventListener('hashchange', (event) => new URL(event.newURL).hash.includes('=') && open(new URL(event.newURL).hash));
})();
