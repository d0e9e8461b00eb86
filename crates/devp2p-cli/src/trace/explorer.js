'use strict';
// The explorer: shows a recorded connection byte by byte.
// All text from a trace file goes into the page as text (textContent), never as HTML.
(() => {

// ---------------------------------------------------------------- small helpers

const $ = id => document.getElementById(id);

/** Makes an element. Strings among the children become text. */
function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === 'onclick') element.addEventListener('click', value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter(child => child !== undefined && child !== null && child !== false));
  return element;
}

const button = (content, onclick, props = {}) => el('button', { type: 'button', onclick, ...props }, content);
const count = (number, one, many = `${one}s`) => `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
const hexOffset = number => number.toString(16).padStart(4, '0');
const spaced = hex => hex.replace(/../g, '$& ').trimEnd();

/** Tells screen readers what has happened. */
const say = text => { $('status').textContent = text; };

// Characters that nobody sees, or that turn the order of the others around.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;
const LONGEST_TEXT = 4000;

/** The text with such characters made visible. */
function printable(text) {
  if (text.length <= LONGEST_TEXT && /^[ -~]*$/.test(text)) return text;
  const short = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
  const escape = c => {
    if (c === '\n') return '\\n';
    if (c === '\t') return '\\t';
    if (c === '\r') return '\\r';
    return `\\u{${c.codePointAt(0).toString(16)}}`;
  };
  return short.replace(UNSEEN, escape);
}

// ---------------------------------------------------------------- reading a trace file

const SCHEMA = 'devp2p-trace';
const VERSION = 1;
const KNOWERS = ['everybody', 'both', 'initiator', 'recipient'];

const isObject = value => typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = value => Number.isSafeInteger(value) && value >= 0;
const isHex = value => typeof value === 'string' && value.length % 2 === 0 && !/[^0-9a-f]/i.test(value);
const areTexts = (...values) => values.every(value => typeof value === 'string');

function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Reads a file as far as it can be read: { error } or { header, steps, badLine }. */
function readTrace(text) {
  const lines = text.split('\n').map(line => line.replace(/\r$/, ''));
  if (lines.at(-1) === '') lines.pop();
  const header = parse(lines[0]);
  if (!isObject(header) || !areTexts(header.schema) || !isCount(header.version)) {
    return { error: 'This is no trace file: its first line is not {"schema":"devp2p-trace", …}.' };
  }
  if (header.schema !== SCHEMA || header.version !== VERSION) {
    const schema = printable(header.schema.slice(0, 40));
    return {
      error: `This file is of the schema "${schema}", version ${header.version}. `
        + `This page knows "${SCHEMA}", version ${VERSION}.`,
    };
  }
  if (!areTexts(header.command) || typeof header.secrets !== 'boolean') {
    return { error: 'This is no trace file: its first line does not say which command made it.' };
  }
  const steps = [];
  for (let at = 1; at < lines.length; at += 1) {
    const step = readStep(parse(lines[at]));
    if (!step) return { header, steps, badLine: at + 1 };
    step.index = steps.length;
    steps.push(step);
  }
  return { header, steps };
}

/** Checks a step and cleans its texts; nothing if it is no step. */
function readStep(raw) {
  if (!isObject(raw) || !areTexts(raw.id, raw.title) || !Array.isArray(raw.parts)) return undefined;
  if (raw.from !== 'initiator' && raw.from !== 'recipient') return undefined;
  if (![raw.connection, raw.micros].every(number => number === undefined || number === null || isCount(number))) return undefined;
  const parts = raw.parts.map(readPart);
  if (parts.includes(undefined)) return undefined;
  let fault;
  if (raw.fault !== undefined && raw.fault !== null) {
    if (!isObject(raw.fault) || !isCount(raw.fault.part) || !isCount(raw.fault.offset) || !areTexts(raw.fault.error)) return undefined;
    fault = { part: raw.fault.part, offset: raw.fault.offset, error: printable(raw.fault.error) };
  }
  return {
    id: printable(raw.id),
    title: printable(raw.title),
    from: raw.from,
    connection: raw.connection ?? undefined,
    micros: raw.micros ?? undefined,
    parts,
    fault,
  };
}

function readPart(raw) {
  if (!isObject(raw) || !areTexts(raw.name, raw.means, raw.spec, raw.code)) return undefined;
  if (!KNOWERS.includes(raw.knownBy) || typeof raw.secret !== 'boolean' || !isHex(raw.hex)) return undefined;
  if (!Array.isArray(raw.fields) || !Array.isArray(raw.values)) return undefined;
  let end = 0;
  const fields = [];
  for (const field of raw.fields) {
    const what = readWhat(field);
    // Every byte must be in exactly one field.
    if (!what || ![field.offset, field.length, field.depth].every(isCount)) return undefined;
    if (field.offset !== end || field.length === 0) return undefined;
    end += field.length;
    fields.push({ ...what, offset: field.offset, length: field.length, depth: field.depth });
  }
  if (end * 2 !== raw.hex.length) return undefined;
  const values = [];
  for (const value of raw.values) {
    const what = readWhat(value);
    if (!what || !isHex(value.hex)) return undefined;
    values.push({ ...what, hex: value.hex.toLowerCase() });
  }
  return {
    name: printable(raw.name),
    means: printable(raw.means),
    spec: printable(raw.spec),
    code: printable(raw.code),
    knownBy: raw.knownBy,
    hex: raw.hex.toLowerCase(),
    fields,
    values,
  };
}

function readWhat(raw) {
  if (!isObject(raw)) return undefined;
  const { id, name, means, words = '', formula = '', inputs = [] } = raw;
  if (!areTexts(id, name, means, words, formula) || !Array.isArray(inputs) || !areTexts(...inputs)) return undefined;
  return {
    id: printable(id),
    name: printable(name),
    means: printable(means),
    words: printable(words),
    formula: printable(formula),
    inputs: inputs.map(printable),
  };
}

// ---------------------------------------------------------------- what depends on what

/**
 * All that has a name in one connection. A node is a field, a value, a part or a whole step:
 * { kind, key, name, step, part, what, inputs, usedBy }.
 * Its key is its id. A part has its id after "part:", because a field may have the same one.
 */
function makeGraph(steps) {
  const nodes = new Map();
  const add = node => {
    while (nodes.has(node.key)) node.key += '~';
    nodes.set(node.key, node);
    return node;
  };
  for (const step of steps) {
    step.node = add({ kind: 'step', key: step.id, name: step.id, step, usedBy: [] });
    for (const part of step.parts) {
      part.step = step;
      part.onWire = part.knownBy === 'everybody';
      part.node = add({ kind: 'part', key: `part:${step.id}/${part.name}`, name: part.name, step, part, usedBy: [] });
      for (const field of part.fields) {
        field.node = add({ kind: 'field', key: field.id, name: field.name, step, part, what: field, usedBy: [] });
      }
      for (const value of part.values) {
        value.node = add({ kind: 'value', key: value.id, name: value.name, step, part, what: value, usedBy: [] });
      }
    }
  }
  const find = id => nodes.get(id) ?? nodes.get(`part:${id}`);
  for (const node of nodes.values()) {
    if (node.kind === 'part') node.inputs = node.part.fields.map(field => field.node);
    else if (node.kind === 'step') node.inputs = wireParts(node.step).map(part => part.node);
    else {
      node.inputs = node.what.inputs.map(find).filter(Boolean);
      for (const input of new Set(node.inputs)) input.usedBy.push(node);
    }
  }
  return { nodes, find };
}

const wireParts = step => step.parts.filter(part => part.onWire);
const plainParts = step => step.parts.filter(part => !part.onWire && part.hex);
const wireHex = step => wireParts(step).map(part => part.hex).join('');
const wireLength = step => wireParts(step).reduce((sum, part) => sum + part.hex.length / 2, 0);
const bytesOf = node => {
  if (node.kind === 'step') return wireHex(node.step);
  if (node.kind === 'part') return node.part.hex;
  if (node.kind === 'value') return node.what.hex;
  return node.part.hex.slice(2 * node.what.offset, 2 * (node.what.offset + node.what.length));
};
const hasNoFormula = node => Boolean(node.what) && !node.what.formula;

/** All that a node goes back to: each with how it is lit. */
function goesBackTo(node) {
  const lit = new Map();
  if (!node.what) return lit;
  const waiting = [...node.inputs];
  const direct = new Set(node.inputs);
  while (waiting.length) {
    const next = waiting.pop();
    if (lit.has(next) || next === node) continue;
    lit.set(next, direct.has(next) ? 'direct' : hasNoFormula(next) ? 'origin' : 'back');
    waiting.push(...next.inputs);
  }
  return lit;
}

/** What a node is used for: [user, the larger thing through which it is used]. */
function usedFor(node) {
  const uses = node.usedBy.map(user => [user]);
  const via = larger => larger.usedBy.forEach(user => user !== node && uses.push([user, larger]));
  if (node.kind === 'field') via(node.part.node);
  if ((node.kind === 'field' || node.kind === 'part') && node.part.onWire) via(node.step.node);
  return uses;
}

/** The pieces of a formula: text, or { name, input }. The names are those that the Rust code finds. */
function piecesOf({ what: { formula, inputs } }) {
  const pieces = formula.split(/([A-Za-z0-9-]+)/);
  const isName = (piece, at) => at % 2 === 1 && !pieces[at + 1].startsWith('(') && /[^0-9]/.test(piece);
  const names = [...new Set(pieces.filter(isName))];
  // Inputs come in the order of the names. If some were not seen, they are matched by their names.
  const tail = id => id.replace(/^[^/]*\//, '').replace(/#\d+$/, '');
  const idOf = name => (names.length === inputs.length
    ? inputs[names.indexOf(name)]
    : inputs.find(id => id === name || tail(id) === name || tail(id) === name.replace(/^previous-/, '')));
  return pieces.map((piece, at) => (isName(piece, at) ? { name: piece, input: graph.find(idOf(piece) ?? '') } : piece));
}

/** What a formula names, but the recording does not hold: with too few secrets it has gaps. */
const missingIn = node => (node.what?.formula ? piecesOf(node).filter(piece => piece.name && !piece.input).map(piece => piece.name) : []);

// ---------------------------------------------------------------- state

let file;                    // { header, steps, badLine, name }: what is shown
let flips = null;            // of the page's own trace only
let steps = [];              // the steps of the chosen connection
let graph = makeGraph([]);
let printing = false;
const open = new Set();      // the steps that are open
const views = new Map();     // step -> 'wire' or 'plain'
const whole = new Map();     // part -> how many bytes of it are shown beyond the first ones
const drawn = new Map();     // step -> { row, summary, body, sign, spots }
const state = { who: 'everything', step: undefined, node: undefined, byte: undefined, connection: undefined };

const WHO = ['eavesdropper', 'initiator', 'recipient', 'everything'];
const MANY = 4096;           // bytes of a part that are shown at once
const MORE = 131072;         // and how many "show all" adds at most

/** Whether the chosen person knows it. */
function known(knownBy, who = state.who) {
  return who === 'everything' || knownBy === 'everybody' || knownBy === who
    || (knownBy === 'both' && who !== 'eavesdropper');
}
/** Words about a field that follow from what a person does not know ("right") are hidden too. */
const wordsKnown = node => known(node.part.knownBy)
  && node.inputs.every(input => !input.part || known(input.part.knownBy));

const person = () => (state.who === 'eavesdropper' ? 'an eavesdropper' : `the ${state.who}`);
const WHO_WORDS = {
  everybody: 'everybody who sees the packets knows it',
  both: 'both nodes know it',
  initiator: 'only the initiator knows it',
  recipient: 'only the recipient knows it',
};
const BLOCK = '▒';
const hidden = length => BLOCK.repeat(Math.min(Math.max(length, 2), 64));

/** What a frame is comes from inside it: an eavesdropper cannot tell. */
const titleKnown = step => !step.parts.some(part => part.name === 'frame') || known('both');
const titleOf = step => (titleKnown(step) ? step.title : hidden(6));
const idOf = step => (titleKnown(step) ? step.id : `${step.id.split('-')[0]}-${hidden(6)}`);

function readHash() {
  const found = new Map();
  for (const pair of location.hash.slice(1).split('&')) {
    const [name, value = ''] = pair.split(/=(.*)/s);
    try {
      found.set(name, decodeURIComponent(value));
    } catch { /* not ours */ }
  }
  return found;
}

function hashOf(next) {
  const pairs = [];
  const put = (name, value) => pairs.push(`${name}=${encodeURIComponent(value).replaceAll('%2F', '/').replaceAll('%3A', ':')}`);
  if (next.connection !== undefined) put('c', next.connection);
  if (next.step) put('s', next.step.id);
  if (next.node) put('f', next.node.key);
  if (next.byte !== undefined) put('b', next.byte);
  if (next.step) put('v', viewOf(next.step));
  if (next.who !== 'everything') put('w', next.who);
  return `#${pairs.join('&')}`;
}

/** Goes to a new state; the browser's back button comes back from it. */
function go(changes) {
  const hash = hashOf({ ...state, ...changes });
  if (hash !== (location.hash || '#')) {
    try {
      history.pushState(null, '', hash);
    } catch {
      location.hash = hash;
    }
  }
  apply();
}

/** Shows what the address says. */
function apply() {
  const hash = readHash();
  state.who = WHO.includes(hash.get('w')) ? hash.get('w') : 'everything';
  const numbers = connections();
  const wanted = numbers.find(number => String(number) === hash.get('c'));
  if (wanted !== state.connection && numbers.length > 1) useConnection(wanted ?? numbers[0]);
  state.node = graph.nodes.get(hash.get('f'));
  state.step = steps.find(step => step.id === hash.get('s')) ?? (hash.has('s') ? undefined : state.node?.step);
  const byte = Number(hash.get('b'));
  state.byte = undefined;
  if (hash.has('b') && state.node?.kind === 'field') {
    const { offset, length } = state.node.what;
    if (Number.isInteger(byte) && byte >= offset && byte < offset + length) state.byte = byte;
  }
  if (state.step) {
    open.add(state.step);
    if (['wire', 'plain'].includes(hash.get('v'))) views.set(state.step, hash.get('v'));
    // A link that names only a field shows it.
    else if (state.node?.kind === 'field' && state.node.step === state.step) views.set(state.step, state.node.part.onWire ? 'wire' : 'plain');
  }
  render();
}

/** Which form of a step is shown. */
function viewOf(step) {
  const fault = step.fault && step.parts[step.fault.part];
  return views.get(step) ?? (fault && !fault.onWire ? 'plain' : 'wire');
}

/** Chooses a node. With `jump`, the page moves to it. */
function choose(node, { byte, jump = false } = {}) {
  if (node.kind === 'field' || (node.kind === 'part' && node.part.hex)) {
    views.set(node.step, node.part.onWire ? 'wire' : 'plain');
  }
  go({ step: node.step, node, byte });
  const backs = goesBackTo(node).size;
  say(`${node.name} is chosen. It goes back to ${count(backs, 'thing')}, and is used for ${usedFor(node).length}.`);
  if (jump) {
    bringUp(spotOf(node));
    $('details').querySelector('h2')?.focus({ preventScroll: true });
  }
}

function unchoose() {
  const spot = state.node && spotOf(state.node, state.byte);
  go({ node: undefined, byte: undefined });
  spot?.focus({ preventScroll: true });
}

/** Where a node stands on the page; or the byte of it that is chosen. */
function spotOf(node, byte) {
  const place = drawn.get(node.step);
  const spots = place?.spots.get(node) ?? [];
  return (byte !== undefined && spots.find(cell => cell.dataset.at === String(byte))) || spots[0] || place?.summary;
}

/** Brings an element to the middle of what is free. A page around this one does not move. */
function bringUp(element) {
  if (!element) return;
  const sticks = (id, position) => getComputedStyle(id).position === position;
  const [bar, panel] = [document.querySelector('.bar'), $('details')];
  const top = sticks(bar, 'sticky') ? bar.offsetHeight : 0;
  const free = innerHeight - top - (sticks(panel, 'fixed') ? panel.offsetHeight : 0);
  const { top: at, height } = element.getBoundingClientRect();
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  window.scrollTo({ top: scrollY + at - top - Math.max(8, (free - height) / 2), behavior: still ? 'auto' : 'smooth' });
}

// ---------------------------------------------------------------- a trace comes in

const connections = () => [...new Set(file.steps.map(step => step.connection))];

function useFile(next) {
  file = next;
  const numbers = connections();
  const chooser = $('connection');
  chooser.replaceChildren(...numbers.map(number => {
    const own = file.steps.filter(step => step.connection === number);
    return el('option', { value: String(number) }, `${number ?? 'without a number'} (${count(own.length, 'step')})`);
  }));
  $('connection-label').hidden = numbers.length < 2;
  $('command').textContent = printable(file.header.command);
  const origin = file.own ? `You see your file ${file.name}. ` : '';
  const keys = file.header.secrets
    ? 'The file holds the keys of the connection, so all of it can be read.'
    : 'The file holds no keys: what was encrypted stays so, or the keys are withheld.';
  const care = file.own ? ' The command comes from the file: read it before you run it.' : '';
  $('about').textContent = origin + keys + care;
  $('own-back').hidden = !file.own;
  useConnection(numbers[0]);
}

function useConnection(number) {
  state.connection = connections().length > 1 ? number : undefined;
  $('connection').value = String(number);
  steps = file.steps.filter(step => step.connection === number);
  graph = makeGraph(steps);
  for (const things of [open, views, whole, drawn]) things.clear();
  state.step = state.node = state.byte = undefined;
  if (steps[0]) open.add(steps[0]);
  drawSteps();
}

function trouble(...texts) {
  $('trouble').replaceChildren(...texts.map(text => el('p', {}, text)));
}

const badLine = read => (read.badLine
  ? [`Line ${read.badLine} is no step of a trace: it is cut off, or was changed. What stands before it is shown.`]
  : []);

async function openFile(chosen) {
  let text;
  try {
    text = await chosen.text();
  } catch {
    trouble('The file cannot be read.');
    return;
  }
  const name = printable(chosen.name);
  const read = readTrace(text);
  if (read.error) {
    trouble(`${name}: ${read.error}`);
    return;
  }
  flips = null;
  showFile({ ...read, own: true, name });
  trouble(...badLine(read).map(fault => `${name}: ${fault}`));
  say(`${name} is open: ${count(steps.length, 'step')}.`);
}

function showFile(next) {
  useFile(next);
  go({ step: undefined, node: undefined, byte: undefined });
}

function showOwn() {
  const read = readTrace($('trace').textContent);
  if (read.error) {
    trouble(read.error);
    return { header: { command: '', secrets: false }, steps: [] };
  }
  trouble(...badLine(read));
  const found = parse($('flips').textContent);
  flips = isObject(found) && Array.isArray(found.outcomes) && Array.isArray(found.steps) ? found : null;
  return read;
}

// ---------------------------------------------------------------- the steps

/** Draws the rows of all steps, closed. */
function drawSteps() {
  const rows = [tcpRow('TCP connects: the initiator dials the recipient.')];
  for (const step of steps) rows.push(stepRow(step));
  if (!steps.length) rows.push(eventRow('There is no step in this trace.'));
  else if (steps.some(step => /^(Disconnect|end)$/.test(step.title))) rows.push(tcpRow('TCP closes. Nothing more is said.'));
  else rows.push(eventRow('Here the recording ends.'));
  $('steps').replaceChildren(...rows);
}

const eventRow = text => el('p', { class: 'event' }, text);
const tcpRow = text => el('p', { class: 'event tcp' }, text, el('small', {}, ' (TCP itself is not in the recording)'));

function stepRow(step) {
  const id = `step-${step.index}`;
  const summary = button('', () => toggle(step), { class: 'summary', 'aria-controls': id, 'data-go': 'summary' });
  const body = el('div', { id, class: 'body', hidden: true });
  const row = el('section', { class: `step from-${step.from}` }, el('h2', {}, summary), body);
  drawn.set(step, { row, summary, body, sign: '', spots: new Map() });
  return row;
}

function toggle(step) {
  if (open.has(step)) {
    open.delete(step);
    if (state.step === step) go({ step: undefined });
    else render();
  } else {
    open.add(step);
    go({ step });
  }
}

/** What a message says in short: a text in it, or why somebody leaves. */
function gist(step) {
  const last = plainParts(step).at(-1);
  const field = last?.fields.find(field => field.words.startsWith('"') || field.name === 'reason');
  if (!field) return '';
  return known(last.knownBy) ? field.words : hidden(6);
}

function drawSummary(step, lit) {
  const place = drawn.get(step);
  const { summary } = place;
  const isOpen = open.has(step);
  const sign = [isOpen, state.who, lit].join();
  if (place.summarySign === sign) return;
  place.summarySign = sign;
  const to = step.from === 'initiator' ? 'recipient' : 'initiator';
  const bytes = wireLength(step);
  const words = gist(step);
  const label = el('span', { class: 'label' },
    el('span', { class: 'number' }, step.id.split('-')[0]), ' ',
    el('b', {}, titleOf(step)), ' ',
    words && el('span', { class: 'gist' }, `${words} `),
    el('small', {}, bytes ? count(bytes, 'byte') : 'no bytes',
      step.micros === undefined ? '' : `, ${(step.micros / 1e6).toFixed(6)} s`),
    step.fault && el('span', { class: 'fault-mark' }, ` ✗ ${step.fault.error}`),
    lit > 0 && el('span', { class: 'lit-mark' }, ` ◆ ${count(lit, 'input')} here`));
  const way = el('span', { class: 'way' }, el('span', { class: 'for-readers' }, `${step.from} to ${to}`));
  summary.replaceChildren(
    el('span', { class: 'sign', 'aria-hidden': 'true' }, isOpen ? '▾' : '▸'),
    ...(step.from === 'initiator' ? [label, way] : [way, label]));
  summary.setAttribute('aria-expanded', String(isOpen));
}

/** Draws what stands in an open step. */
function drawBody(step) {
  const place = drawn.get(step);
  const { body } = place;
  const focused = body.contains(document.activeElement) && document.activeElement.dataset.go;
  place.spots = new Map([[step.node, [place.summary]]]);
  const content = [];
  const view = viewOf(step);
  const plain = plainParts(step);
  const withValues = step.parts.filter(part => part.values.length);
  const bytes = wireLength(step);
  if (!printing) {
    const pick = (name, text) => button(text, () => { views.set(step, name); go({ step }); }, {
      'aria-pressed': String(view === name), 'data-go': `view-${name}`, 'data-view': name, class: 'pick',
    });
    content.push(el('div', { class: 'step-tools' },
      el('div', { role: 'group', 'aria-label': `Which bytes of ${idOf(step)}`, class: 'picks' }, pick('wire', 'on the wire'), pick('plain', 'decrypted')),
      bytes > 0 && copyButton(`copy hex of the step`, () => wireHex(step), 'copy-step'),
      button('about this step', () => choose(step.node), { class: 'quiet', 'data-go': 'about-step' })));
  }
  const fault = step.fault;
  const faultPart = fault && step.parts[fault.part];
  if (fault && !faultPart) content.push(faultNote(fault));
  const show = (heading, parts, empty) => {
    if (printing) content.push(el('h3', { class: 'form' }, heading));
    if (parts.some(part => !known(part.knownBy))) content.push(el('p', { class: 'hint' },
      `${BLOCK}${BLOCK} is what ${person()} does not know. The names are left so that you can follow.`));
    content.push(...parts.map(part => drawPart(part, place.spots)));
    if (!parts.length) content.push(el('p', { class: 'empty' }, empty));
  };
  if (view === 'wire' || printing) show('On the wire', wireParts(step), 'Nothing travels in this step.');
  if (view === 'plain' || printing) {
    const faultOnly = faultPart && !faultPart.onWire && !faultPart.hex ? [faultPart] : [];
    show('Decrypted', [...plain, ...faultOnly], 'Nothing of it could be decrypted.');
  }
  if (withValues.length) {
    content.push(el('h3', {}, 'Values: what was computed, or drawn'));
    content.push(...withValues.map(part => drawValues(part, place.spots)));
  }
  body.replaceChildren(...content);
  if (focused) body.querySelector(`[data-go="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

function faultNote(fault) {
  return el('p', { class: 'fault', role: 'note' }, el('b', {}, `✗ At byte ${fault.offset} (0x${hexOffset(fault.offset)}): `), fault.error);
}

function partHead(part, spots) {
  const number = part.step.parts.indexOf(part);
  const name = button(part.name, () => choose(part.node), { class: 'part-name', 'data-go': `part-${number}` });
  spots.set(part.node, [...(spots.get(part.node) ?? []), name]);
  const size = part.hex.length / 2;
  return el('div', { class: 'part-head' },
    el('h4', {}, name),
    size > 0 && el('small', {}, count(size, 'byte')),
    el('span', { class: `knower ${part.knownBy}` }, part.knownBy === 'everybody' ? 'everybody' : part.knownBy === 'both' ? 'both nodes' : `only the ${part.knownBy}`),
    size > 0 && known(part.knownBy) && !printing && copyButton('copy hex', () => part.hex, `copy-part-${number}`, `of ${part.name}`),
    el('p', {}, part.means),
    // On paper there are no details.
    printing && el('p', {}, el('small', {}, `${part.code} — ${part.spec}`)));
}

function drawPart(part, spots) {
  const step = part.step;
  const number = step.parts.indexOf(part);
  const fault = step.fault && step.fault.part === number ? step.fault : undefined;
  const all = part.hex.length / 2;
  const limit = Math.min(all, MANY + (whole.get(part) ?? 0));
  const isKnown = known(part.knownBy);
  const grid = el('div', { role: 'grid', class: 'grid', 'aria-label': `bytes of ${part.name}, ${idOf(step)}`, 'data-part': number, 'aria-readonly': 'true' });
  const list = el('ul', { class: 'fields' });
  let row;
  let faultShown = false;
  const tellFault = () => {
    faultShown = true;
    list.append(el('li', {}, faultNote(fault)));
  };
  part.fields.forEach((field, index) => {
    if (field.offset >= limit) return;
    if (fault && !faultShown && fault.offset < field.offset + field.length) tellFault();
    const cells = [];
    const end = Math.min(field.offset + field.length, limit);
    for (let at = field.offset; at < end; at += 1) {
      if (at % 8 === 0) {
        row = el('div', { role: 'row', class: 'row' }, el('span', { role: 'rowheader', class: 'at' }, hexOffset(at)));
        grid.append(row);
      }
      const cell = document.createElement('button');
      cell.type = 'button';
      cell.setAttribute('role', 'gridcell');
      cell.className = `b c${index % 6}${at === field.offset ? ' first' : ''}${fault?.offset === at ? ' bad' : ''}`;
      cell.tabIndex = at === 0 ? 0 : -1;
      cell.dataset.at = at;
      cell.dataset.f = index;
      cell.dataset.go = `byte-${number}-${at}`;
      cell.textContent = isKnown ? part.hex.slice(2 * at, 2 * at + 2) : BLOCK + BLOCK;
      row.append(cell);
      cells.push(cell);
    }
    const entry = fieldButton(field, index, isKnown);
    list.append(el('li', { style: `--depth:${Math.min(field.depth, 8)}` }, entry));
    spots.set(field.node, [entry, ...cells]);
  });
  if (fault && !faultShown) tellFault();
  const rest = all - limit;
  const more = rest > 0 && el('p', { class: 'more' }, `${count(limit, 'byte')} of ${all.toLocaleString('en')} are shown. `,
    !printing && button(rest <= MORE ? `show all ${all.toLocaleString('en')} bytes` : `show ${MORE.toLocaleString('en')} more`, () => {
      whole.set(part, (whole.get(part) ?? 0) + MORE);
      render();
    }, { 'data-go': `more-${number}` }));
  return el('div', { class: 'part' }, partHead(part, spots), el('div', { class: 'bytes' }, grid, list), more);
}

function fieldButton(field, index, isKnown) {
  const last = field.offset + field.length - 1;
  const range = field.length === 1 ? hexOffset(field.offset) : `${hexOffset(field.offset)}–${hexOffset(last)}`;
  const words = isKnown && wordsKnown(field.node) ? field.words : hidden(4);
  return button([
    el('span', { class: `swatch c${index % 6}`, 'aria-hidden': 'true' }),
    el('span', { class: 'line' },
      el('b', {}, field.name),
      field.words && el('span', { class: 'words' }, `: ${words}`), ' ',
      el('small', {}, el('code', {}, range), ` ${count(field.length, 'byte')}`), ' ',
      el('span', { class: 'badge' })),
    el('span', { class: 'means' }, field.formula && el('span', { class: 'formula' }, `= ${field.formula}`), field.means),
  ], () => choose(field.node), { class: 'field', 'data-go': `field-${field.node.key}`, 'data-key': field.node.key });
}

function drawValues(part, spots) {
  const isKnown = known(part.knownBy);
  const list = el('ul', { class: 'values' }, part.values.map(value => {
    // A number is told by its words; its bytes are in the details.
    const hex = value.words && /^\d+$/.test(value.words) ? '' : value.hex;
    const shown = hex.length > 256 ? `${spaced(hex.slice(0, 256))} …` : spaced(hex);
    const entry = button([
      el('span', { class: 'line' },
        el('b', {}, value.name),
        value.words && el('span', { class: 'words' }, `: ${isKnown ? value.words : hidden(4)}`),
        value.formula && el('span', { class: 'formula' }, ` = ${value.formula}`), ' ',
        el('span', { class: 'badge' })),
      hex && el('code', { class: 'hex' }, isKnown ? shown : shown.replace(/[0-9a-f]/g, BLOCK)),
      el('span', { class: 'means' }, value.means),
    ], () => choose(value.node), { class: 'value', 'data-go': `field-${value.node.key}`, 'data-key': value.node.key });
    spots.set(value.node, [entry]);
    return el('li', {}, entry);
  }));
  return el('div', { class: 'part' }, partHead(part, spots), list);
}

function copyButton(text, getText, go, more = '') {
  return button([text, more && el('span', { class: 'for-readers' }, ` ${more}`)], async () => {
    const done = await copy(getText());
    say(done ? 'Copied.' : 'The browser does not let the page copy. Select the text by hand.');
    $('status').classList.toggle('seen', true);
    setTimeout(() => $('status').classList.remove('seen'), 2000);
  }, { class: 'copy', 'data-go': go });
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Older browsers, and pages inside other pages.
    const before = document.activeElement;
    const area = el('textarea', { class: 'for-readers', 'aria-hidden': 'true' });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    before?.focus({ preventScroll: true });
    return done;
  }
}

// ---------------------------------------------------------------- what is lit

const LIT = {
  direct: 'input',
  back: 'further back',
  origin: 'origin',
};
let painted = [];

function paint(lit) {
  for (const element of painted) {
    element.classList.remove('chosen', 'here', 'lit-direct', 'lit-back', 'lit-origin');
    element.removeAttribute('aria-current');
    element.removeAttribute('aria-selected');
    const badge = element.querySelector('.badge');
    if (badge) badge.textContent = '';
  }
  painted = [];
  if (printing) return;
  const mark = (node, name, word) => {
    for (const element of drawn.get(node.step)?.spots.get(node) ?? []) {
      element.classList.add(name);
      const badge = element.querySelector('.badge');
      if (badge) badge.textContent = word;
      painted.push(element);
    }
  };
  for (const [node, how] of lit) {
    const isOrigin = how === 'direct' && hasNoFormula(node);
    mark(node, `lit-${how}`, isOrigin ? 'input, origin' : LIT[how]);
  }
  if (!state.node) return;
  mark(state.node, 'chosen', 'chosen');
  const spots = drawn.get(state.node.step)?.spots.get(state.node) ?? [];
  spots[0]?.setAttribute('aria-current', 'true');
  const cell = state.byte !== undefined && spots.find(cell => cell.dataset.at === String(state.byte));
  if (cell) {
    cell.classList.add('here');
    cell.setAttribute('aria-selected', 'true');
  }
}

// ---------------------------------------------------------------- all of it

function render() {
  for (const radio of document.getElementsByName('who')) radio.checked = radio.value === state.who;
  const lit = state.node ? goesBackTo(state.node) : new Map();
  const litIn = new Map();
  for (const node of lit.keys()) {
    if (!node.what) continue;
    if (!litIn.has(node.step)) litIn.set(node.step, []);
    litIn.get(node.step).push(node);
  }
  for (const step of steps) {
    const place = drawn.get(step);
    const isOpen = open.has(step) || printing;
    const here = litIn.get(step) ?? [];
    drawSummary(step, open.has(step) ? 0 : here.length);
    place.row.classList.toggle('open', isOpen);
    place.body.hidden = !isOpen;
    const more = step.parts.map(part => whole.get(part) ?? 0).join();
    const sign = isOpen ? [viewOf(step), state.who, printing, more].join('|') : '';
    if (sign !== place.sign) {
      place.sign = sign;
      if (isOpen) drawBody(step);
      else {
        place.body.replaceChildren();
        place.spots = new Map([[step.node, [place.summary]]]);
      }
    }
    // How many inputs are in the form that is not shown.
    for (const pick of place.body.querySelectorAll('.pick')) {
      const isWire = pick.dataset.view === 'wire';
      const there = here.filter(node => node.kind === 'field' && node.part.onWire === isWire).length;
      const text = isWire ? 'on the wire' : 'decrypted';
      pick.textContent = pick.dataset.view !== viewOf(step) && there ? `${text} (${count(there, 'input')})` : text;
    }
  }
  paint(lit);
  drawDetails(lit);
}

// ---------------------------------------------------------------- the details

function nodeButton(node, text = node.name) {
  const where = node.step === state.node?.step ? '' : ` in ${idOf(node.step)}`;
  const name = node.kind === 'step' ? idOf(node.step) : text;
  return button([name, where && node.kind !== 'step' && el('small', {}, where)], () => choose(node, { jump: true }), {
    class: 'node', 'data-to': node.key,
  });
}

function nodeList(nodes) {
  return el('ul', { class: 'nodes' }, nodes.map(node => el('li', {}, nodeButton(node))));
}

function drawDetails(lit) {
  const panel = $('details');
  const { node } = state;
  const hadFocus = panel.contains(document.activeElement);
  document.body.classList.toggle('has-details', Boolean(node));
  if (!node) {
    panel.replaceChildren(el('p', { class: 'hint' }, 'Nothing is chosen. Choose a byte, a field or a value.'));
    return;
  }
  const { step, part, what } = node;
  const content = [
    el('button', { type: 'button', class: 'close', 'aria-label': 'close the details', onclick: unchoose }, '×'),
    el('h2', { tabindex: '-1' }, node.kind === 'step' ? titleOf(step) : node.name),
  ];
  const isKnown = node.kind === 'step' || known(part.knownBy);
  if (node.kind === 'step') {
    content.push(el('p', { class: 'kind' }, `step ${idOf(step)}, said by the ${step.from}`));
  } else if (node.kind === 'part') {
    content.push(el('p', { class: 'kind' }, `part of ${idOf(step)}`));
  } else {
    content.push(el('p', { class: 'kind' }, `${node.kind} in `, button(part.name, () => choose(part.node, { jump: true }), { class: 'node' }), `, ${idOf(step)}`));
  }
  if (what?.words) content.push(el('p', { class: 'words' }, isKnown && wordsKnown(node) ? what.words : hidden(6)));
  if (node.kind !== 'step') content.push(el('p', {}, sentence((what ?? part).means)));

  const { flip, hint } = flipOf(node);
  if (flip) content.push(flip);

  if (what?.formula) {
    content.push(el('h3', {}, 'How it is computed'));
    content.push(el('p', { class: 'formula' }, '= ', piecesOf(node).map(piece => (
      piece.input ? nodeButton(piece.input, piece.name) : piece.name ?? piece))));
  } else if (what) {
    content.push(el('p', { class: 'kind' }, 'It has no formula: here it begins.'));
  }
  content.push(...drawBytes(node, isKnown));
  if (hint) content.push(el('p', { class: 'hint' }, hint));
  if (part) content.push(el('p', { class: `kind` }, isKnown
    ? sentence(WHO_WORDS[part.knownBy])
    : `Hidden: ${WHO_WORDS[part.knownBy]}, and you look as ${person()}.`));

  const origins = [...lit.keys()].filter(hasNoFormula);
  if (origins.length) content.push(folded(`In the end it comes from (${origins.length})`, nodeList(origins), origins.length <= 12));
  const missing = [...new Set([node, ...lit.keys()].flatMap(missingIn))];
  if (missing.length) content.push(el('p', { class: 'hint missing' }, `Not in this recording: ${missing.join(', ')}.`));
  const uses = usedFor(node);
  if (what || uses.length) {
    content.push(folded(`Used for (${uses.length})`, uses.length
      ? el('ul', { class: 'nodes uses' }, uses.map(([user, via]) => el('li', {}, nodeButton(user),
        via && el('small', {}, ` as a part of ${via.kind === 'step' ? idOf(via.step) : via.name}`))))
      : el('p', {}, 'No formula names it.'), uses.length <= 12));
  }
  const same = what && graph.nodes.get(`part:${node.key}`);
  if (same && same.part.hex === bytesOf(node)) content.push(el('p', {}, 'The same bytes, read further: ', nodeButton(same)));

  if (part) {
    const isLink = /^https?:\/\//i.test(part.spec);
    content.push(el('dl', { class: 'sources' },
      part.spec && [el('dt', {}, 'Specification'), el('dd', {}, isLink
        ? el('a', { href: part.spec, target: '_blank', rel: 'noopener noreferrer' }, part.spec.replace(/^https?:\/\//i, ''))
        : part.spec)],
      part.code && [el('dt', {}, 'Our code'), el('dd', {}, el('code', { 'data-code': part.code }, part.code), shownInBook(part.code))]));
  }
  panel.replaceChildren(...content);
  if (hadFocus) panel.querySelector('h2').focus({ preventScroll: true });
}

/** The page of the book that shows a function, as this page stands beside it there; else nothing. */
function shownInBook(code) {
  if (!location.pathname.endsWith('/explorer-42.html')) return null;
  const pages = { ecies: 'handshake', handshake: 'handshake', frame: 'frames', p2p: 'hello', discv4: 'packets', enr: 'packets' };
  const page = pages[code.split('::')[0]];
  return page && [', shown on ', el('a', { href: `${page}.html`, target: '_top' }, 'a page of the book')];
}

/** A heading that can be closed if there is a lot below it. */
function folded(heading, content, isOpen) {
  return el('details', { open: isOpen }, el('summary', {}, el('h3', {}, heading)), content);
}

function sentence(text) {
  const [first] = text.split(/[^\w-]/);
  // Names such as iv or frame-size stay as they are.
  const isName = !/^[a-z]+$/.test(first) || graph.find(`${state.node?.step.id}/${first}`);
  const begin = isName ? text : text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(begin) ? begin : `${begin}.`;
}

function drawBytes(node, isKnown) {
  const hex = bytesOf(node);
  if (!hex) return [];
  const length = hex.length / 2;
  const place = node.kind === 'field'
    ? `, from ${node.what.offset} (0x${hexOffset(node.what.offset)}) on` : '';
  const shown = spaced(hex.slice(0, 512)) + (length > 256 ? ` … ${(length - 256).toLocaleString('en')} more` : '');
  return [
    el('h3', {}, `${count(length, 'byte')}${place}`),
    el('code', { class: 'hex', tabindex: '0', role: 'group', 'aria-label': 'its bytes' }, isKnown ? shown : spaced(hidden(hex.length))),
    isKnown && copyButton('copy hex', () => hex, 'copy-node'),
  ].filter(Boolean);
}

/** What comes of a wire byte that is changed. */
function flipOf(node) {
  const ofStep = flips?.steps[node.step.index];
  if (node.kind !== 'field' || !node.part.onWire || !Array.isArray(ofStep)) return {};
  if (state.byte === undefined) return { hint: 'Choose one byte in the grid to see what happens when it is changed on its way.' };
  let at = state.byte;
  for (const part of wireParts(node.step)) {
    if (part === node.part) break;
    at += part.hex.length / 2;
  }
  const outcome = flips.outcomes[ofStep[at]];
  if (!isObject(outcome)) return {};
  const is = node.part.hex.slice(2 * state.byte, 2 * state.byte + 2);
  const becomes = (parseInt(is, 16) ^ 1).toString(16).padStart(2, '0');
  const line = (name, text) => [el('dt', {}, name), el('dd', {}, printable(String(text)))];
  return {
    flip: el('div', { class: 'flip' },
      el('h3', {}, 'Flip this byte'),
      el('p', {}, 'Somebody changes the lowest bit of byte ', el('b', {}, `0x${hexOffset(state.byte)}`), ' on its way: ',
        el('code', {}, is), ' becomes ', el('code', {}, becomes), '.'),
      el('dl', {},
        line('Who notices', `the ${outcome.noticedBy}`),
        line('Which check stops it', outcome.check),
        line('The error', outcome.error),
        line('What the other side hears', outcome.heard),
        outcome.history && line('It happened', outcome.history))),
  };
}

// ---------------------------------------------------------------- mouse and keys

/** The node of a byte in a grid. */
function nodeOfByte(cell) {
  const row = cell.closest('.step');
  const step = steps.find(step => drawn.get(step).row === row);
  const part = step.parts[cell.closest('.grid').dataset.part];
  return part.fields[cell.dataset.f].node;
}

$('steps').addEventListener('click', event => {
  const cell = event.target.closest('.b');
  if (cell) choose(nodeOfByte(cell), { byte: Number(cell.dataset.at) });
});

// The field under the mouse is shown in the grid and in the list.
let hovered = [];
$('steps').addEventListener('mouseover', event => {
  for (const element of hovered) element.classList.remove('hover');
  hovered = [];
  const cell = event.target.closest('.b, .field');
  if (!cell) return;
  const node = cell.classList.contains('b') ? nodeOfByte(cell) : graph.nodes.get(cell.dataset.key);
  hovered = drawn.get(node?.step)?.spots.get(node) ?? [];
  for (const element of hovered) element.classList.add('hover');
});

// One byte of a grid is in the order of the Tab key: the last one that had the focus.
$('steps').addEventListener('focusin', event => {
  const cell = event.target.closest('.b');
  if (!cell) return;
  for (const other of cell.closest('.grid').querySelectorAll('.b[tabindex="0"]')) other.tabIndex = -1;
  cell.tabIndex = 0;
  const text = cell.textContent.startsWith(BLOCK) ? 'hidden' : cell.textContent;
  cell.setAttribute('aria-label', `${text}, byte ${cell.dataset.at}, ${nodeOfByte(cell).name}`);
});

const ARROWS = ['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight'];

document.body.addEventListener('keydown', event => {
  const { key, target } = event;
  // A page around this one may turn its own pages with these keys.
  if (ARROWS.includes(key) || key === 'Home' || key === 'End') event.stopPropagation();
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const moved = target.matches('.b') ? moveByte(target, key)
    : target.matches('.summary') ? moveStep(target, key)
      : target.matches('.field, .value, .part-name') ? moveField(target, key)
        : $('details').contains(target) ? moveDetails(key)
          : false;
  if (moved) event.preventDefault();
});

function focusOn(element) {
  element?.focus();
  return Boolean(element);
}

/** The element so many places further in a list. */
function neighbour(list, element, key, delta) {
  const all = [...list];
  if (key === 'Home') return all[0];
  if (key === 'End') return all.at(-1);
  return all[all.indexOf(element) + delta];
}

function moveByte(cell, key) {
  const grid = cell.closest('.grid');
  if (key === 'Escape') return focusOn(cell.closest('.step').querySelector('.summary'));
  const cells = grid.querySelectorAll('.b');
  // Two rows of eight bytes stand side by side if there is room.
  const rows = grid.querySelectorAll('.row');
  const perRow = rows.length > 1 && rows[0].offsetTop === rows[1].offsetTop ? 16 : 8;
  const delta = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -perRow, ArrowDown: perRow }[key];
  if (delta === undefined && key !== 'Home' && key !== 'End') return false;
  focusOn(neighbour(cells, cell, key, delta));
  return true;
}

function moveStep(summary, key) {
  const isOpen = summary.getAttribute('aria-expanded') === 'true';
  if (key === 'ArrowRight' || key === 'ArrowLeft') {
    if (isOpen !== (key === 'ArrowRight')) summary.click();
    return true;
  }
  const delta = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (delta === undefined && key !== 'Home' && key !== 'End') return false;
  focusOn(neighbour($('steps').querySelectorAll('.summary'), summary, key, delta));
  return true;
}

function moveField(entry, key) {
  const step = entry.closest('.step');
  if (key === 'ArrowLeft') return focusOn(step.querySelector('.summary'));
  if (key === 'ArrowRight') {
    if (entry.getAttribute('aria-current') !== 'true') entry.click();
    return focusOn($('details').querySelector('h2'));
  }
  if (key === 'Escape' && state.node) {
    unchoose();
    return true;
  }
  const delta = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (delta === undefined && key !== 'Home' && key !== 'End') return false;
  focusOn(neighbour(step.querySelectorAll('.field, .value, .part-name'), entry, key, delta));
  return true;
}

function moveDetails(key) {
  return key === 'Escape' && Boolean(state.node) && focusOn(spotOf(state.node, state.byte));
}

// ---------------------------------------------------------------- the controls

$('who').addEventListener('change', event => {
  go({ who: event.target.value });
  say(`You look as: ${event.target.value}.`);
});
$('open-all').addEventListener('click', () => {
  for (const step of steps) open.add(step);
  render();
});
$('close-all').addEventListener('click', () => {
  open.clear();
  go({ step: undefined });
});
$('connection').addEventListener('change', event => {
  const number = connections().find(number => String(number) === event.target.value);
  useConnection(number);
  go({});
});
$('copy-command').replaceWith(copyButton('copy', () => file.header.command, 'copy-command', 'the command'));

$('file').addEventListener('change', async event => {
  const [chosen] = event.target.files;
  if (chosen) await openFile(chosen);
  event.target.value = '';
});
$('own-back').addEventListener('click', () => showFile(showOwn()));

// A file that is dropped anywhere. The counter is needed because each element inside tells of it too.
let inside = 0;
const hasFile = event => event.dataTransfer?.types.includes('Files');
const showDrop = () => { $('drop').hidden = inside <= 0; };
addEventListener('dragenter', event => {
  if (!hasFile(event)) return;
  inside += 1;
  showDrop();
});
addEventListener('dragleave', event => {
  if (!hasFile(event)) return;
  inside -= 1;
  showDrop();
});
addEventListener('dragover', event => {
  if (hasFile(event)) event.preventDefault();
});
addEventListener('drop', async event => {
  if (!hasFile(event)) return;
  event.preventDefault();
  inside = 0;
  showDrop();
  const [dropped] = event.dataTransfer.files;
  if (dropped) await openFile(dropped);
});

// Dark or light: as the system says, until somebody chooses.
const isDark = () => (document.documentElement.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
const nameTheme = () => { $('theme').textContent = isDark() ? 'light colours' : 'dark colours'; };
try {
  const stored = localStorage.getItem('devp2p-theme');
  if (stored === 'dark' || stored === 'light') document.documentElement.dataset.theme = stored;
} catch { /* a page from a file may have no storage */ }
$('theme').addEventListener('click', () => {
  document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
  nameTheme();
  try {
    localStorage.setItem('devp2p-theme', document.documentElement.dataset.theme);
  } catch { /* then it is for this visit only */ }
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', nameTheme);

// On paper everything is open.
function setPrinting(now) {
  if (printing === now) return;
  printing = now;
  render();
}
addEventListener('beforeprint', () => setPrinting(true));
addEventListener('afterprint', () => setPrinting(false));
matchMedia('print').addEventListener('change', event => setPrinting(event.matches));

addEventListener('popstate', () => {
  apply();
  if (state.node) bringUp(spotOf(state.node, state.byte));
});

// ---------------------------------------------------------------- begin

for (const element of document.querySelectorAll('.scripted')) element.hidden = false;
nameTheme();
useFile(showOwn());
if (readHash().has('s') || readHash().has('f')) open.clear();
apply();
if (state.node) bringUp(spotOf(state.node, state.byte));
else if (state.step) bringUp(drawn.get(state.step).summary);

})();
