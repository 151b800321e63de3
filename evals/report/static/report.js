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

  // h makes an element; what is no node becomes text, and nothing becomes nothing.
  const h = (tag, props, ...children) => {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(props ?? {})) {
      if (value === true) element.setAttribute(key, '');
      else if (value !== undefined && value !== false) element.setAttribute(key, value);
    }
    element.append(...children.flat(3).filter((c) => c !== undefined && c !== null && c !== false && c !== ''));
    return element;
  };
  const chip = (text, kind) => text && h('span', { class: 'chip ' + (kind ?? '') }, text);
  const part = (title, ...children) => (children.flat(3).some((c) => c) ? h('div', {}, h('h4', {}, title), children) : '');
  const fold = (title, ...children) => h('details', {}, h('summary', {}, title), children);
  const number = (v, digits = 3) => {
    const text = Number(v).toFixed(digits);
    return root.lang === 'es' ? text.replace('.', ',') : text;
  };
  const table = (heads, rows) => rows.length > 0 && h('div', { class: 'scroll', tabindex: 0 }, h('table', {},
    h('thead', {}, h('tr', {}, heads.map((text) => h('th', { scope: 'col' }, text)))),
    h('tbody', {}, rows.map((cells) => h('tr', {}, cells.map((cell) => h('td', {}, cell)))))));
  const yes = (ok) => chip(ok ? '✓ ' + t('ok') : '✕ ' + t('failed'), ok ? 'good' : 'bad');
  const json = (value) => JSON.stringify(value, null, 2);
  const kinds = { passed: 'good', failed: 'bad', outage: 'warn', broken: 'bad', mended: 'good', other: 'warn', added: '' };

  const said = (list) => (list ?? []).map((text) => h('p', { class: 'said' }, text));
  const told = (list) => (list ?? []).map((one) => h('div', { class: 'told' }, one.text || '∅', (one.buttons ?? []).map((b) => h('span', { class: 'tap' }, b))));
  const checks = (step, file) => table([t('check'), t('state'), t('wanted'), t('got'), t('line')], (step.checks ?? []).map((c) => [
    word('check', c.name), [yes(c.ok), c.score > 0 && c.score < 1 && ' ' + number(c.score, 2)], c.want, c.got, c.line && h('code', {}, (file ? file + ':' : '') + c.line)]));
  const did = (text) => (text === 'customer' || text === 'customer, spoken' ? word('did', text) : text);
  const decision = (step) => step.decision && h('p', { class: 'row' },
    chip(word('decision', step.decision), !step.expected?.length ? '' : step.expected.includes(step.decision) ? 'good' : 'bad'),
    h('span', { class: 'soft' }, [step.rule, step.reason].filter((x) => x).join(' · ')),
    step.expected?.length && h('span', { class: 'soft' }, t('expected') + ': ' + step.expected.map((d) => word('decision', d)).join(', ')),
    step.scored && h('span', { class: 'soft' }, `${t('confidence')} ${number(step.confidence)} (${t('threshold')} ${number(step.threshold)})`));

  const record = (r) => r && fold(t('record'),
    r.query && part(t('query'), h('p', { class: 'quote' }, r.query)),
    part(t('passages'), (r.passages ?? []).map((p) => fold([p.title, p.heading, p.question].filter((x) => x).join(' › ') || p.id,
      h('p', { class: 'quote', lang: p.locale }, p.text),
      h('p', { class: 'soft' }, `${p.source} · ${p.version} · ${t('meaning')} ${number(p.dense)} · ${t('lexical')} ${number(p.lexical, 2)} · ${t('fused')} ${number(p.score)}`)))),
    part(t('candidates'), table(['', t('meaning'), t('lexical'), t('fused'), t('ranks'), t('used')], (r.candidates ?? []).map((c) => [
      h('code', {}, c.chunk_id), number(c.dense), number(c.lexical, 2), number(c.score), `${c.dense_rank || '–'} / ${c.lexical_rank || '–'}`, c.used ? '✓' : '']))),
    part(t('sentences'), table(['', t('state'), ''], (r.sentences ?? []).map((s) => [s.text, yes(s.ok), [s.class, ...(s.backing ?? []), s.detail].filter((x) => x).join(' · ')]))),
    part(t('own_checks'), table([t('check'), t('state'), ''], (r.checks ?? []).map((c) => [c.name, yes(c.ok), c.detail]))),
    r.orders && Object.keys(r.orders).length > 0 && part(t('order_facts'), h('pre', { tabindex: 0 }, json(r.orders))),
    fold(t('raw'), h('pre', { tabindex: 0 }, json(r))));

  const stepOf = (step, at, file) => h('section', { class: 'step' },
    h('h4', {}, `${t('step')} ${at + 1} · ${did(step.did)}`), said(step.said), decision(step),
    step.replies?.length ? told(step.replies) : step.decision && !step.did.startsWith('the end') && h('p', { class: 'soft' }, t('silent')),
    step.draft && step.draft !== step.replies?.[0]?.text && part(t('draft'), h('p', { class: 'quote' }, step.draft)),
    step.scored && h('p', { class: 'soft' }, `${t('draft')}: ${t(step.draft_right ? 'draft_right' : 'draft_wrong')}`),
    checks(step, file),
    part(t('actions'), table(['', '', '', ''], (step.actions ?? []).map((a) => [a.kind, a.order, Object.entries(a.args ?? {}).map(([k, v]) => k + '=' + v).join(', '), a.outcome]))),
    part(t('documents'), ['found', 'relevant', 'used', 'cited'].filter((k) => step[k]?.length).map((k) => h('p', { class: 'soft' }, t(k) + ': ' + step[k].join(', ')))),
    Object.keys(step.features ?? {}).length > 0 && fold(t('features'), table(['', ''], Object.entries(step.features).map(([k, v]) => [k, number(v)]))),
    step.took_ns > 0 && fold(`${t('stages')}: ${number(step.took_ns / 1e6, 1)} ms${step.usage?.input_tokens ? ` · ${step.usage.input_tokens} + ${step.usage.output_tokens} ${t('tokens')}` : ''}`,
      table(['', 'ms'], Object.entries(step.stages_ns ?? {}).map(([k, v]) => [word('stage', k), number(v / 1e6, 2)]))),
    record(step.record));

  const marked = (pieces) => h('p', { class: 'quote' }, pieces.map((p) => (p.o ? h(p.o === '+' ? 'ins' : 'del', {}, p.t) : p.t)));
  const column = (title, r) => h('div', {}, h('h4', {}, title), h('p', {}, chip(word('status', r.outage ? 'outage' : r.passed ? 'passed' : 'failed'), r.outage ? 'warn' : r.passed ? 'good' : 'bad')),
    (r.steps ?? []).map((s) => [said(s.said), decision(s), told(s.replies), checks({ checks: (s.checks ?? []).filter((c) => !c.ok) })]));
  const compared = (d) => d.b && h('section', {}, h('h4', {}, t('differences')),
    d.d ? [marked(d.d), h('div', { class: 'two side-by-side' }, column(t('before'), d.b), column(t('now'), d.r))] : h('p', { class: 'soft' }, t('same_replies')));

  const fill = async (box, at) => {
    try {
      const d = await detail(at);
      box.replaceChildren(...h('div', {},
        d.r.outage && h('p', { class: 'problem' }, d.r.outage),
        h('p', { class: 'row soft' }, [d.r.language, d.r.variant, d.r.intent, d.r.risk && `${t('risk')}: ${d.r.risk}`, ...(d.r.tags ?? []), d.r.file && `${d.r.file}:${d.r.line}`].filter((x) => x).map((x) => h('span', {}, x))),
        compared(d), d.r.steps?.length ? d.r.steps.map((s, i) => stepOf(s, i, d.r.file)) : h('p', { class: 'soft' }, t('no_steps'))).childNodes);
    } catch {
      box.replaceChildren(h('p', { class: 'problem' }, t('unpack_failed')));
    }
  };

  const row = (c, at) => {
    const inside = h('div', { class: 'inside' });
    const box = h('details', { class: 'case', 'data-name': c.i },
      h('summary', {}, h('span', { class: 'head' }, chip(word('status', c.s), kinds[c.s]), c.k && chip(t('change_' + c.k), kinds[c.k]), h('span', { class: 'id' }, c.i),
        h('span', { class: 'soft' }, [(c.d ?? []).map((d) => word('decision', d)).join(', '), (c.c ?? []).join(', '), c.g].filter((x) => x).join(' · '))),
      h('span', { class: 'text' }, c.q), c.a && h('span', { class: 'text' }, '→ ' + c.a)), inside);
    box.addEventListener('toggle', () => box.open && fill(inside, at), { once: true });
    return box;
  };

  // The list shows a page of what the filters let through.
  const page = 100;
  const state = { q: '', s: '', l: '', t: '', n: '', d: '', k: '' };
  let shown = page;
  const fits = (c) => (!state.s || (state.s === 'changed' ? c.k : c.s === state.s || c.k === state.s)) && (!state.l || c.l === state.l) &&
    (!state.n || c.n === state.n) && (!state.t || c.t?.includes(state.t)) && (!state.d || c.d?.includes(state.d)) &&
    (!state.q || c.text.includes(state.q));
  const plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  for (const c of index.cases) c.text = plain([c.i, c.q, c.a, c.g, ...(c.t ?? []), ...(c.c ?? [])].join(' '));
  const values = (key) => [...new Set(index.cases.flatMap((c) => c[key] ?? []))].sort();

  const draw = () => {
    const list = index.cases.map((c, at) => [c, at]).filter(([c]) => fits(c));
    $('count').textContent = `${list.length} ${t('of')} ${index.cases.length} ${t('shown')}`;
    $('list').replaceChildren(...list.slice(0, shown).map(([c, at]) => row(c, at)), ...(list.length ? [] : [h('p', { class: 'soft' }, t('nothing_found'))]));
    $('more').hidden = list.length <= shown;
  };
  const pick = (key, label, options) => {
    const select = h('select', { id: 'filter-' + key }, h('option', { value: '' }, t('all')), options.map(([value, text]) => h('option', { value, selected: state[key] === value }, text)));
    select.addEventListener('change', () => { state[key] = select.value; shown = page; draw(); });
    return h('label', {}, label, select);
  };
  const build = () => {
    const search = h('input', { type: 'search', id: 'filter-q', value: state.q, autocomplete: 'off' });
    search.addEventListener('input', () => { state.q = plain(search.value); shown = page; draw(); });
    const more = h('button', { type: 'button', id: 'more' }, t('more'));
    more.addEventListener('click', () => { shown += page; draw(); });
    const states = ['failed', 'outage', 'passed'].map((s) => [s, t('status_' + s)]);
    if (index.base) states.push(['changed', t('change_any')], ...['broken', 'mended', 'other', 'added'].map((s) => [s, t('change_' + s)]));
    $('cases').replaceChildren(h('h2', {}, t('cases')), h('div', { class: 'filters' }, h('label', { class: 'wide' }, t('search'), search),
      pick('s', t('status'), states), pick('l', t('language'), values('l').map((v) => [v, v])), pick('t', t('tag'), values('t').map((v) => [v, v])),
      pick('n', t('intent'), values('n').map((v) => [v, v])), pick('d', t('decision'), values('d').map((v) => [v, word('decision', v)]))),
    h('p', { class: 'soft', id: 'count', role: 'status' }), h('div', { id: 'list' }), more);
    draw();
  };

  // #case=NAME opens a case, whatever the filters say.
  const open = () => {
    if (!location.hash.startsWith('#case=')) return;
    const name = decodeURIComponent(location.hash.slice(6));
    const at = index.cases.findIndex((c) => c.i === name);
    if (at < 0) return;
    let box = [...$('list').children].find((e) => e.dataset.name === name);
    if (!box) $('list').prepend(box = row(index.cases[at], at));
    box.open = true;
    box.scrollIntoView();
    box.firstChild.focus();
  };
  redraw = build;
  build();
  open();
  addEventListener('hashchange', open);
})();
