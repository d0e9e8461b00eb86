// One page in three forms: for the room (no names), for the teacher, for one learner.
// Everything that comes is shown as text: names are never HTML.
'use strict';

const main = document.querySelector('main');
const state = document.querySelector('#state');
const path = location.pathname.replace(/\/$/, '');
const form = path.startsWith('/teacher/') ? 'teacher' : path.startsWith('/me/') ? 'me' : 'room';
document.body.classList.add(form);
const titles = { me: 'Your exercises', teacher: 'The room, for the teacher', room: 'The room' };
document.querySelector('h1').textContent = titles[form];
document.title = document.querySelector('h1').textContent;

let shown = null;
let came = 0;

// An element with a class, texts and elements in it.
function make(tag, name, ...inside) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.append(...inside.filter(it => it !== null && it !== undefined).map(it => it instanceof Node ? it : String(it)));
  return element;
}

// Seconds that have gone by since it was told, too.
const older = seconds => seconds + Math.floor((Date.now() - came) / 1000);
function ago(seconds) {
  const now = older(seconds);
  return now < 60 ? `${now} s` : now < 3600 ? `${Math.floor(now / 60)} min` : `${Math.floor(now / 3600)} h ${Math.floor(now % 3600 / 60)} min`;
}
const many = (count, one, more) => `${count} ${count === 1 ? one : more}`;

function checkpoints(learner) {
  const list = make('ol', 'checkpoints');
  if (learner.exercise && learner.missed === null && !learner.trying && learner.done.includes(learner.exercise)) {
    list.append(make('li', 'passed', '✓ passed'));
    return list;
  }
  for (const name of learner.passed) list.append(make('li', 'passed', `✓ ${name}`));
  if (learner.missed !== null) list.append(make('li', 'missed', `✗ ${learner.missed}`));
  else if (learner.trying) list.append(make('li', 'trying', '… trying'));
  return list;
}

function learnerRow(learner) {
  const stuck = learner.missed !== null;
  const row = make('li', learner.help !== null ? 'learner help' : stuck ? 'learner stuck' : 'learner');
  const done = learner.done.length ? `has passed ${learner.done.join(' ')}` : '';
  row.append(
    make('p', 'who',
      make('strong', 'name', learner.name), ' ',
      learner.exercise ? make('span', 'exercise', learner.exercise) : make('span', 'exercise', 'has joined'), ' ',
      learner.help !== null ? make('span', 'calls', `calls for help, ${ago(learner.help)}`) : null, ' ',
      stuck ? make('span', 'since', `stuck for ${ago(learner.since)}, ${many(learner.tries, 'try', 'tries')}`) : null, ' ',
      make('span', 'done', done)),
    checkpoints(learner));
  if (stuck && learner.seen) {
    const [first, ...rest] = learner.seen.split('\n');
    row.append(rest.length ? fold(`${learner.name}/${learner.missed}`, first, make('pre', '', rest.join('\n'))) : make('p', 'seen', first));
  }
  return row;
}

// Folds that are open stay open when the page is drawn again, and what has the focus keeps it.
const open = new Set();
function fold(key, title, inside) {
  const summary = make('summary', '', title);
  summary.dataset.key = key;
  const details = make('details', '', summary, inside);
  details.open = open.has(key);
  details.addEventListener('toggle', () => details.open ? open.add(key) : open.delete(key));
  return details;
}

function shares(all) {
  const table = make('table', 'shares',
    make('caption', '', 'Who has passed what'),
    make('thead', '', make('tr', '', make('th', '', 'Exercise'), make('th', '', 'Passed'), make('th', '', 'At it now'))));
  const rows = make('tbody');
  for (const share of all) {
    const bar = make('progress');
    bar.max = Math.max(share.of, 1);
    bar.value = share.passed;
    bar.setAttribute('aria-hidden', 'true');
    rows.append(make('tr', '',
      make('th', '', `${share.exercise} `, make('span', 'title', share.title)),
      make('td', '', bar, ` ${share.passed} of ${share.of}`),
      make('td', '', share.here)));
  }
  table.append(rows);
  return table;
}

function groups(all) {
  const list = make('ul', 'groups');
  for (const group of all) {
    list.append(make('li', '',
      make('strong', '', `${group.exercise}: ${group.checkpoint}`), ` ${many(group.count, 'learner', 'learners')}`,
      group.names ? make('span', 'names', `: ${group.names.join(', ')}`) : null));
  }
  return make('section', '', make('h2', '', 'Where it goes wrong'),
    all.length ? list : make('p', 'none', 'Nobody is stuck.'));
}

function visitors(all) {
  const list = make('ul', 'visitors');
  for (const it of all) {
    list.append(make('li', it.fault ? 'fault' : '',
      make('strong', '', it.name || 'has not said Hello'), ` ${it.did}`,
      it.fault ? make('span', 'why', ` ${it.fault}`) : null));
  }
  return make('section', '', make('h2', '', 'Other nodes'),
    all.length ? list : make('p', 'none', 'No other node has come.'));
}

function counts(count) {
  return make('p', 'counts',
    make('span', '', many(count.learners, 'learner', 'learners')), ' ',
    make('span', count.help ? 'help' : '', `${count.help} calling for help`), ' ',
    make('span', '', `${count.stuck} stuck`));
}

// The learner's button.
const button = make('button', '');
const heard = make('p', 'heard');
button.type = 'button';
button.addEventListener('click', async () => {
  button.disabled = true;
  try {
    const answer = await fetch(`${path}/${shown.me.help === null ? 'help' : 'fine'}`, { method: 'POST' });
    if (!answer.ok) throw new Error(answer.status);
  } catch {
    state.textContent = 'The hub does not hear you: is it still running?';
  }
  button.disabled = false;
});
function drawHelp(me) {
  button.hidden = me === null;
  if (!me) return;
  button.className = me.help === null ? 'call' : 'fine';
  button.textContent = me.help === null ? 'Call for help' : 'I am fine again';
  heard.textContent = me.help === null ? '' : `Shown to your teacher for ${ago(me.help)}.`;
}

// How to come in: made once, so that it can be selected in peace.
const line = make('pre', 'line');
const address = make('p', 'address');
if (form === 'me') main.before(button, heard);
if (form === 'room') {
  main.before(address);
  main.after(make('section', 'join', make('h2', '', 'Come in'),
    make('p', '', 'In the folder of the lessons, with your name in place of NAME:'), line));
}

function parts() {
  if (form === 'room') {
    return [counts(shown.count), shares(shown.shares), groups(shown.groups)];
  }
  if (form === 'teacher') {
    const list = make('ol', 'learners', ...shown.learners.map(learnerRow));
    return [counts(shown.count), groups(shown.groups),
      make('section', '', make('h2', '', 'Learners'), shown.learners.length ? list : make('p', 'none', 'Nobody has joined yet.')),
      shares(shown.shares), visitors(shown.visitors)];
  }
  drawHelp(shown.me);
  return [shown.me ? make('ol', 'learners', learnerRow(shown.me))
    : make('p', '', 'The hub does not know you any more: cargo exercise prints your new page.')];
}

// While a finger or a button of the mouse is down, nothing moves away below it.
let held = false;
function draw() {
  if (!shown || held) return;
  const key = document.activeElement?.dataset.key;
  main.replaceChildren(...parts());
  if (key) [...main.querySelectorAll('summary')].find(it => it.dataset.key === key)?.focus();
}
addEventListener('pointerdown', () => { held = true; });
for (const name of ['pointerup', 'pointercancel', 'blur']) addEventListener(name, () => { held = false; });

const events = new EventSource(`${path}/events`);
events.onmessage = event => {
  const told = JSON.parse(event.data);
  shown = told.shown;
  if (line.textContent !== told.line) line.textContent = told.line;
  address.textContent = told.pages;
  came = Date.now();
  state.textContent = 'live';
  state.className = 'live';
  draw();
};
events.onerror = () => {
  state.textContent = 'The hub does not answer. This is what was known last.';
  state.className = 'lost';
};
// Times go on.
setInterval(draw, 5000);
