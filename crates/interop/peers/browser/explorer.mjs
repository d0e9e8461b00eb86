// Tests a page in a browser: node explorer.mjs PAGES_DIR [SHOTS_DIR]
// PAGES_DIR holds a4.html, the same as explorer-42.html, and beside it a4.jsonl, a4.flips.json, a4.txt, a4.blind.jsonl.
// One line for each check; the exit code is 1 if one of them fails.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const here = dirname(fileURLToPath(import.meta.url));
const dir = resolve(process.argv[2] ?? join(here, 'pages'));
const shots = resolve(process.argv[3] ?? join(here, 'shots'));
mkdirSync(shots, { recursive: true });
const read = name => readFileSync(join(dir, name), 'utf8');
const url = pathToFileURL(join(dir, 'a4.html')).href;

const lines = read('a4.jsonl').trimEnd().split('\n');
const header = JSON.parse(lines[0]);
const steps = lines.slice(1).map(line => JSON.parse(line));
const flips = JSON.parse(read('a4.flips.json'));

let failed = 0;
let checks = 0;
function check(name, is, more = '') {
  checks += 1;
  if (!is) failed += 1;
  console.log(`${is ? 'ok  ' : 'FAIL'} ${name}${is || !more ? '' : `: ${more}`}`);
}
const same = (name, is, shall) => check(name, JSON.stringify(is) === JSON.stringify(shall), `is ${JSON.stringify(is)?.slice(0, 400)}, shall be ${JSON.stringify(shall)?.slice(0, 400)}`);

// What follows from the file, worked out again, without the page's code.
const whats = new Map();
const partsById = new Map();
for (const step of steps) {
  for (const part of step.parts) {
    for (const what of [...part.fields, ...part.values]) whats.set(what.id, { ...what, step, part });
    partsById.set(`${step.id}/${part.name}`, { step, part });
  }
}
function inputsOf(id) {
  const found = whats.get(id);
  if (found) return found.inputs ?? [];
  const part = partsById.get(id);
  if (part) return part.part.fields.map(field => field.id);
  const step = steps.find(step => step.id === id);
  return step.parts.filter(part => part.knownBy === 'everybody').flatMap(part => part.fields.map(field => field.id));
}
function goesBackTo(id) {
  const seen = new Set();
  const waiting = [...inputsOf(id)];
  while (waiting.length) {
    const next = waiting.pop();
    if (seen.has(next)) continue;
    seen.add(next);
    waiting.push(...inputsOf(next));
  }
  return [...seen].filter(id => whats.has(id)).sort();
}
const wireParts = step => step.parts.filter(part => part.knownBy === 'everybody');
const wireHex = step => wireParts(step).map(part => part.hex).join('');

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const requests = [];
const complaints = [];
async function newContext(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1366, height: 900 }, colorScheme: 'light', ...options });
  context.setDefaultTimeout(30_000);
  context.on('request', request => requests.push(request.url()));
  context.on('page', page => {
    page.on('console', message => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
    page.on('pageerror', error => complaints.push(String(error.stack ?? error)));
    page.on('dialog', dialog => { complaints.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  });
  return context;
}
async function newPage(hash = '', options = {}) {
  const context = await newContext(options);
  const page = await context.newPage();
  await page.goto(url + hash);
  return page;
}
const summaries = page => page.locator('.summary');
const field = (page, id) => page.locator(`[data-key=${JSON.stringify(id)}]`);
const lit = (page, marks = '.lit-direct, .lit-back, .lit-origin') => page.evaluate(marks => [...document.querySelectorAll('[data-key]')]
  .filter(element => element.matches(marks)).map(element => element.dataset.key).sort(), marks);
const details = page => page.locator('#details');
const hashOf = page => page.evaluate(() => decodeURIComponent(location.hash));
const visibleText = page => page.evaluate(() => document.body.innerText);
const openText = (page, name, text) => page.setInputFiles('#file', { name, mimeType: 'application/json', buffer: Buffer.from(text) });
/** Gives the page time to read an opened file: until what it says has changed. */
const until = (page, test, arg) => page.waitForFunction(test, arg, { timeout: 30_000 });
async function setView(page, index, view) {
  const pick = page.locator('.step').nth(index).locator(`[data-view=${view}]`);
  if (await pick.getAttribute('aria-pressed') !== 'true') await pick.click();
}

async function theFile() {
  for (const name of ['a4.html', 'a4.jsonl', 'a4.flips.json', 'a4.txt', 'a4.blind.jsonl']) check(`${name} is there`, existsSync(join(dir, name)));
  const size = statSync(join(dir, 'a4.html')).size;
  check(`the page has ${size} bytes, at most 300 KiB`, size <= 300 * 1024);
}

async function firstPaint() {
  const times = [];
  // The best of five: a busy machine only makes it later.
  for (let i = 0; i < 5; i += 1) {
    const page = await newPage();
    await until(page, () => performance.getEntriesByName('first-contentful-paint').length > 0);
    times.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime));
    await page.context().close();
  }
  times.sort((a, b) => a - b);
  check(`first paint after ${times.map(time => Math.round(time)).join(', ')} ms (the best one below 1000)`, times[0] < 1000);
}

async function begin() {
  const page = await newPage();
  same('at first the first step is open, and no other', await summaries(page).evaluateAll(all => all.map(one => one.getAttribute('aria-expanded'))), steps.map((_, i) => String(i === 0)));
  same('one row for each step, in order', await page.locator('.summary .label b').allTextContents(), steps.map(step => step.title));
  same('the side of each step', await page.locator('.step').evaluateAll(all => all.map(one => one.className.match(/from-(\w+)/)[1])), steps.map(step => step.from));
  const events = await page.locator('.event').allTextContents();
  check('it begins with TCP and ends with its close', events.length === 2 && events[0].includes('TCP connects') && events[1].includes('TCP closes'), events.join(' | '));
  same('the command is that of the file', await page.locator('#command').textContent(), header.command);
  check('a summary is one line', (await summaries(page).nth(1).boundingBox()).height < 40);
  const html = await page.locator('#steps').innerHTML();
  await page.reload();
  check('drawn twice, it is the same', html === await page.locator('#steps').innerHTML());
  await page.context().close();
}

async function bytes() {
  const page = await newPage();
  for (const [index, step] of steps.entries()) {
    if (index > 0) await summaries(page).nth(index).click();
    check(`${step.id} opens`, await page.locator('.body').nth(index).isVisible());
    for (const view of ['wire', 'plain']) {
      await setView(page, index, view);
      const shall = step.parts.map((part, number) => ({ ...part, number })).filter(part => part.hex && (part.knownBy === 'everybody') === (view === 'wire'));
      const grids = await page.locator('.step').nth(index).locator('.grid').evaluateAll(all => all.map(grid => ({
        number: Number(grid.dataset.part),
        cells: [...grid.querySelectorAll('[role=gridcell]')].map(cell => [cell.textContent, Number(cell.dataset.at), Number(cell.dataset.f)]),
        keys: [...grid.parentElement.querySelectorAll('.fields [data-key]')].map(entry => entry.dataset.key),
        depths: [...grid.parentElement.querySelectorAll('.fields li')].map(entry => Math.round(parseFloat(getComputedStyle(entry).marginLeft) / 17.6)),
      })));
      same(`${step.id}, ${view}: the parts`, grids.map(grid => grid.number), shall.map(part => part.number));
      for (const [i, part] of shall.entries()) {
        const { cells, keys, depths } = grids[i];
        const isRight = cells.length === part.hex.length / 2 && cells.every(([text, at, f], n) => {
          const field = part.fields[f];
          return at === n && text === part.hex.slice(2 * n, 2 * n + 2) && field.offset <= n && n < field.offset + field.length;
        });
        check(`${step.id}/${part.name}: ${cells.length} bytes, each in exactly one of ${part.fields.length} fields`, isRight);
        same(`${step.id}/${part.name}: its fields are listed`, keys, part.fields.map(field => field.id));
        same(`${step.id}/${part.name}: and indented`, depths, part.fields.map(field => field.depth));
      }
    }
    const values = await page.locator('.step').nth(index).locator('.values [data-key]').evaluateAll(all => all.map(one => one.dataset.key));
    same(`${step.id}: its values`, values, step.parts.flatMap(part => part.values.map(value => value.id)));
  }
  await page.click('#close-all');
  same('close all', await page.locator('.body:visible').count(), 0);
  await page.click('#open-all');
  same('open all', await page.locator('.body:visible').count(), steps.length);
  await page.context().close();
}

async function lighting() {
  const page = await newPage();
  await page.click('#open-all');
  await setView(page, 0, 'plain');
  await setView(page, 1, 'plain');
  await field(page, '2-ack/aes-secret').click();
  const shall = goesBackTo('2-ack/aes-secret');
  same('aes-secret lights all that it goes back to', await lit(page), shall);
  for (const id of ['2-ack/ephemeral-key', '2-ack/shared-secret', '2-ack/recipient-ephemeral-privkey', '1-auth/initiator-ephemeral-privkey',
    '1-auth/initiator-privkey', '1-auth/recipient-privkey', '1-auth/initiator-nonce', '2-ack/recipient-nonce']) {
    check(`aes-secret goes back to ${id}`, (await lit(page)).includes(id));
  }
  check('and not to the tag', !(await lit(page)).includes('1-auth/tag'));
  same('its own inputs are told from the others', await lit(page, '.lit-direct'), ['2-ack/ephemeral-key', '2-ack/shared-secret']);
  same('what has no formula is an origin', await lit(page, '.lit-origin'), shall.filter(id => !whats.get(id).formula));
  same('the word is there as well as the colour', await field(page, '1-auth/initiator-nonce').locator('.badge').textContent(), 'origin');
  const nonce = whats.get('1-auth/initiator-nonce');
  same('its bytes are lit too', await page.locator('.step').nth(0).locator('.b.lit-origin').count(), nonce.length);
  same('the formula, each name a button', await details(page).locator('p.formula .node').evaluateAll(all => all.map(one => one.dataset.to)), whats.get('2-ack/aes-secret').inputs);
  check('the formula as text', (await details(page).locator('p.formula').textContent()).replaceAll(' in 1-auth', '').includes('= keccak256(ephemeral-key ‖ shared-secret)'));
  same('nothing is missing', await details(page).locator('.missing').count(), 0);
  same('the origins are listed', await details(page).locator('details').first().locator('.node').evaluateAll(all => all.map(one => one.dataset.to).sort()), shall.filter(id => !whats.get(id).formula));
  const uses = [...whats.values()].filter(what => what.inputs?.includes('2-ack/aes-secret')).map(what => what.id).sort();
  same(`aes-secret is used for ${uses.length} things`, await details(page).locator('.uses .node').evaluateAll(all => all.map(one => one.dataset.to).sort()), uses);
  await details(page).locator('.uses .node', { hasText: 'frame-ciphertext in 6-' }).click();
  same('a button of them goes there', await page.locator('[data-key].chosen').evaluateAll(all => all.map(one => one.dataset.key)), ['6-foo-42-code-0/frame-ciphertext']);
  await details(page).locator('p.formula .node', { hasText: 'body' }).last().click();
  check('a part in a formula is shown in its form', (await page.locator('.part-name.chosen').textContent()) === 'body' && (await hashOf(page)).includes('v=plain'));
  await field(page, '3-Hello/header-digest').click();
  check('the MAC of the first frame goes back to ack as it travels', goesBackTo('3-Hello/header-digest').includes('2-ack/iv'));
  same('all of it is lit', await lit(page), goesBackTo('3-Hello/header-digest').filter(id => {
    const { part, step } = whats.get(id);
    const index = steps.indexOf(step);
    const isShown = part.values.some(value => value.id === id) || (part.knownBy !== 'everybody') === (index < 2 || index === 5);
    return isShown;
  }));
  await page.click('#close-all');
  check('a closed step says how many inputs it holds', (await summaries(page).nth(0).textContent()).includes('inputs here'));
  await summaries(page).nth(0).click();
  await field(page, '1-auth/S').click();
  same('the function in our code', await details(page).locator('[data-code]').getAttribute('data-code'), 'ecies::Keys::derive');
  const beside = await page.context().newPage();
  await beside.goto(`${pathToFileURL(join(dir, 'explorer-42.html')).href}#f=1-auth/R`);
  check('in the book the function leads to the page that shows it', await details(beside).locator('a[href="handshake.html"]').count() === 1);
  await beside.close();
  check('the link to the specification', (await details(page).locator('a').getAttribute('href')).startsWith('https://github.com/ethereum/devp2p/'));
  await page.context().close();
}

async function flipping() {
  const page = await newPage();
  await page.click('#open-all');
  const cases = [[0, 0], [0, 2], [0, 3], [0, 40], [0, 67], [0, 100], [0, 504], [1, 20], [1, 414], [2, 0], [2, 17], [2, 40], [3, 143], [6, 63]];
  for (const [index, at] of cases) {
    let before = 0;
    let number = steps[index].parts.findIndex(part => part.knownBy === 'everybody');
    for (const part of wireParts(steps[index])) {
      number = steps[index].parts.indexOf(part);
      if (at < before + part.hex.length / 2) break;
      before += part.hex.length / 2;
    }
    await page.locator('.step').nth(index).locator(`[data-part="${number}"] [data-at="${at - before}"]`).click();
    const outcome = flips.outcomes[flips.steps[index][at]];
    const told = await details(page).locator('.flip dd').allTextContents();
    const shall = [`the ${outcome.noticedBy}`, outcome.check, outcome.error, outcome.heard, ...(outcome.history ? [outcome.history] : [])];
    same(`byte ${at} of ${steps[index].id} flipped: ${outcome.check}`, told, shall);
  }
  same('each wire byte has an outcome', flips.steps.map(step => step.length), steps.map(step => wireHex(step).length / 2));
  await setView(page, 0, 'plain');
  await page.locator('.step').nth(0).locator('.b').first().click();
  same('no flip for a decrypted byte', await details(page).locator('.flip').count(), 0);
  await page.context().close();
}

async function whoKnows() {
  const page = await newPage();
  const isNumber = what => what.words !== undefined && /^\d+$/.test(what.words);
  const all = [...whats.values()].filter(what => !isNumber(what)).map(({ id, part, hex, offset, length }) => ({
    id, knownBy: part.knownBy, hex: hex ?? part.hex.slice(2 * offset, 2 * (offset + length)),
  })).filter(({ hex }) => hex.length >= 16 && !/^(00)*$/.test(hex.slice(0, 16)));
  const knows = {
    eavesdropper: ['everybody'], initiator: ['everybody', 'both', 'initiator'], recipient: ['everybody', 'both', 'recipient'],
    everything: ['everybody', 'both', 'initiator', 'recipient'],
  };
  await page.click('#open-all');
  for (const [who, groups] of Object.entries(knows)) {
    await page.check(`#who [value=${who}]`);
    const seen = new Set();
    for (const view of ['wire', 'plain']) {
      for (const index of steps.keys()) await setView(page, index, view);
      const texts = await page.evaluate(() => [...document.querySelectorAll('.grid, .value .hex')].map(one => [...one.querySelectorAll('.b')].map(b => b.textContent).join('') || one.textContent.replaceAll(' ', '')));
      const text = texts.join('|');
      for (const one of all) if (text.includes(one.hex.slice(0, 32))) seen.add(one.id);
    }
    // Some values are the same bytes as others (a digest and the MAC on the wire): then they may be seen.
    const knownHex = all.filter(one => groups.includes(one.knownBy)).map(one => one.hex.slice(0, 32));
    const secret = all.filter(one => !knownHex.some(hex => hex.includes(one.hex.slice(0, 32))));
    const seenOnWire = all.filter(one => groups.includes(one.knownBy) && !seen.has(one.id));
    same(`${who}: all that is known is shown`, seenOnWire.map(one => one.id), []);
    same(`${who}: none of ${secret.length} unknown things is shown`, secret.filter(one => seen.has(one.id)).map(one => one.id), []);
    check(`${who}: the address says so`, (await hashOf(page)).includes('w=') === (who !== 'everything'));
  }
  await page.check('#who [value=eavesdropper]');
  for (const index of steps.keys()) await setView(page, index, 'plain');
  const text = await visibleText(page);
  check('an eavesdropper does not see texts inside', !/foobar|bar\/v666|client quitting/.test(text));
  same('nor what the frames are', await page.locator('.summary .label b').allTextContents(), steps.map((step, i) => (i < 2 ? step.title : '▒▒▒▒▒▒')));
  await field(page, '2-ack/aes-secret').click();
  check('the details hide it too', (await details(page).locator('.hex').textContent()).startsWith('▒'));
  same('and nothing to copy', await details(page).locator('.copy').count(), 0);
  for (const index of steps.keys()) await setView(page, index, 'wire');
  check('an eavesdropper cannot tell whether a MAC is right', (await field(page, '3-Hello/header-mac').textContent()).includes('▒'));
  check('but sees its bytes', (await page.locator('.step').nth(2).locator('.b').first().textContent()) === steps[2].parts[0].hex.slice(0, 2));
  await page.check('#who [value=initiator]');
  check('the initiator does not know the key of the recipient', (await field(page, '1-auth/recipient-privkey').textContent()).includes('▒'));
  check('but its own', !(await field(page, '1-auth/initiator-privkey').textContent()).includes('▒'));
  await page.context().close();
}

async function addresses() {
  const page = await newPage();
  await field(page, '1-auth/R').click();
  same('the address holds step, field and view', await hashOf(page), '#s=1-auth&f=1-auth/R&v=wire');
  await page.locator('.step').nth(0).locator('[data-view=plain]').click();
  await field(page, '1-auth/signature').click();
  await page.check('#who [value=initiator]');
  same('and who', await hashOf(page), '#s=1-auth&f=1-auth/signature&v=plain&w=initiator');
  await page.reload();
  same('after a reload the same is chosen', await page.locator('[data-key].chosen').getAttribute('data-key'), '1-auth/signature');
  same('in the same view', await page.locator('.step').nth(0).locator('[aria-pressed=true]').getAttribute('data-view'), 'plain');
  check('with the same eyes', await page.isChecked('#who [value=initiator]'));
  await page.goBack();
  check('back: everything is known again', await page.isChecked('#who [value=everything]'));
  await page.goBack();
  await page.goBack();
  same('back: R is chosen', await page.locator('[data-key].chosen').getAttribute('data-key'), '1-auth/R');
  await page.goForward();
  await page.goForward();
  same('forward: the signature', await page.locator('[data-key].chosen').getAttribute('data-key'), '1-auth/signature');
  await page.context().close();
  const other = await newPage('#s=3-Hello&f=3-Hello/prefix%232&v=plain&w=recipient');
  same('an address from elsewhere works', await other.locator('[data-key].chosen').getAttribute('data-key'), '3-Hello/prefix#2');
  same('and opens only its step', await other.locator('.body:visible').count(), 1);
  await other.context().close();
  const short = await newPage('#f=1-auth/signature');
  check('a link that names only a field shows it', await field(short, '1-auth/signature').isVisible());
  await short.context().close();
  const junk = await newPage('#s=%E0%A4%A&f=__proto__&v=constructor&w=toString&b=-1&c=9&=&&&x');
  same('an address with nonsense does nothing', await junk.locator('[data-key].chosen').count(), 0);
  await junk.context().close();
}

async function ownFiles() {
  const page = await newPage();
  const blind = read('a4.blind.jsonl');
  await page.locator('#open-own summary').click();
  check('the page says that nothing leaves it', (await page.locator('#open-own').innerText()).includes('Nothing leaves the page'));
  await openText(page, 'a4.blind.jsonl', blind);
  await until(page, () => document.querySelectorAll('.summary')[2]?.textContent.includes('bytes 144 bytes'));
  same('an eavesdropper\'s file opens', await page.locator('.step').count(), blind.trimEnd().split('\n').length - 1);
  await page.click('#open-all');
  await page.locator('.step').nth(2).locator('.b').first().click();
  same('no flips for a file of one\'s own', await details(page).locator('.flip').count(), 0);
  await field(page, '1-auth/tag').click();
  same('a formula with gaps: what is there is a button', await details(page).locator('p.formula .node').allTextContents(), ['iv', 'c', 'size']);
  same('and what is missing is named', await details(page).locator('.missing').textContent(), 'Not in this recording: mac-key, kE, auth-body.');
  check('it says that keys are missing', (await page.locator('#about').textContent()).includes('holds no keys'));
  await page.click('#own-back');
  await until(page, () => document.querySelectorAll('.summary')[2]?.textContent.includes('Hello'));
  await page.locator('.b').first().click();
  same('back to the page\'s own trace, with its flips', await details(page).locator('.flip').count(), 1);

  // Dropped.
  await page.evaluate(text => {
    const data = new DataTransfer();
    data.items.add(new File([text], 'dropped.jsonl'));
    for (const type of ['dragenter', 'dragover', 'drop']) document.body.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: data }));
  }, blind);
  await until(page, () => document.getElementById('about').textContent.includes('dropped.jsonl'));
  check('a file can be dropped', await page.locator('#drop').isHidden());

  // Cut in the middle of a line.
  const text = read('a4.jsonl');
  const cut = text.slice(0, text.indexOf('"id":"4-Hello/') + 10);
  await openText(page, 'cut.jsonl', cut);
  await until(page, () => document.getElementById('trouble').textContent.includes('cut.jsonl'));
  const line = cut.split('\n').length;
  check(`a file that is cut names line ${line}`, (await page.locator('#trouble').textContent()).includes(`Line ${line} is no step`));
  same('and shows what stands before', await page.locator('.step').count(), line - 2);
  check('and that the recording ends there', (await page.locator('.event').last().textContent()).includes('Here the recording ends'));
  for (const at of [0, 1, 40, lines[0].length, lines[0].length + 1, lines[0].length + 2, 5000]) {
    await openText(page, `cut-${at}.jsonl`, text.slice(0, at));
    await until(page, at => new RegExp(`cut-${at}\\.jsonl`).test(document.body.textContent.replace(/<script.*/s, '')), at);
    const shall = at < lines[0].length ? 'This is no trace file' : at > lines[0].length + 1 ? 'Line 2' : '';
    check(`cut after ${at} bytes: ${shall || 'no step, no fault'}`, shall ? (await page.locator('#trouble').textContent()).includes(shall) : (await page.locator('.event').last().textContent()) !== '' && (await page.locator('#trouble').textContent()) === '');
  }
  const gap = lines.with(3, lines[3].replace('"offset":16', '"offset":17')).join('\n');
  await openText(page, 'gap.jsonl', gap);
  await until(page, () => document.getElementById('trouble').textContent.includes('gap.jsonl'));
  check('a byte that is in no field is a fault of its line', (await page.locator('#trouble').textContent()).includes('Line 4 '));

  // Others' files.
  for (const [name, first, shall] of [
    ['newer.jsonl', '{"schema":"devp2p-trace","version":2,"command":"x","secrets":true}', 'version 2'],
    ['other.jsonl', '{"schema":"tls-<b>trace</b>","version":1}', '"tls-<b>trace</b>"'],
    ['none.jsonl', '[1,2,3]', 'This is no trace file'],
    ['binary.jsonl', '\u0000\u0001\u00ff', 'This is no trace file'],
    ['array.jsonl', 'null', 'This is no trace file'],
  ]) {
    const before = await page.locator('.step').count();
    await openText(page, name, `${first}\n${lines[1]}\n`);
    await until(page, name => document.getElementById('trouble').textContent.includes(name), name);
    check(`${name}: named as such`, (await page.locator('#trouble').textContent()).includes(shall));
    same(`${name}: what was shown stays`, await page.locator('.step').count(), before);
  }
  await page.context().close();
}

async function hostileFiles() {
  const page = await newPage();
  const evil = '<img src=x onerror="window.hacked=1"><script>window.hacked=2</script>';
  const what = (id, more) => ({ id, name: `${evil}\u001b[31m`, means: `${evil}\u202egnp`, words: `\u0000\u0007${evil}`, formula: `f(${evil}, a-b ‖ 1-x)`, inputs: [id, '__proto__', '1-x', evil], ...more });
  const step = (id, more = {}) => ({
    id, title: `${evil}\n\r\t\u0085\u2028`, from: 'initiator',
    parts: [{
      name: evil, means: evil, spec: 'javascript:window.hacked=3', code: evil, knownBy: 'everybody', secret: false, hex: 'aabbcc',
      fields: [{ ...what(`${id}/a`), offset: 0, length: 1, depth: 0 }, { ...what('__proto__'), offset: 1, length: 2, depth: 4_000_000 }],
      values: [{ ...what('constructor'), hex: 'ff' }, { ...what(`${id}/a`), hex: '' }],
    }],
    fault: { part: 0, offset: 1, error: `${evil}\u001b]0;x\u0007` }, ...more,
  });
  const file = [{ schema: 'devp2p-trace', version: 1, command: `${evil}\u001b[2J\n; rm`, secrets: false }, step('1-x'), step('1-x'), step(evil)].map(line => JSON.stringify(line)).join('\n');
  await openText(page, `${evil}.jsonl`, file);
  await until(page, () => document.querySelectorAll('.step').length === 3);
  await page.click('#open-all');
  for (let i = 0; i < await page.locator('.field, .value, .part-name').count(); i += 1) await page.locator('.field, .value, .part-name').nth(i).click();
  await page.waitForTimeout(200);
  same('a hostile file runs nothing', await page.evaluate(() => window.hacked), undefined);
  same('and makes no elements', await page.locator('img, iframe, #explorer script').count(), 0);
  same('nor links', await page.locator('a[href^="javascript" i]').count(), 0);
  const text = await page.evaluate(() => document.querySelector('main').textContent + document.getElementById('details').textContent + document.getElementById('command').textContent);
  check('its words are shown as words', text.includes('<img src=x onerror='));
  check('control characters are shown as such', text.includes('\\u{1b}[31m') && text.includes('\\u{202e}') && text.includes('\\u{0}'));
  check('and none is left', !/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u2028]/.test(text));
  check('the page does not grow sideways', await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));

  // Faults at their place.
  const faulty = JSON.parse(lines[3]);
  for (const [fault, where] of [[{ part: 0, offset: 16, error: 'the MAC of the frame header is wrong' }, 'header-mac'], [{ part: 0, offset: 144, error: 'more is missing' }, undefined], [{ part: 5, offset: 4, error: 'inside Hello' }, 'client-id'], [{ part: 99, offset: 4, error: 'nowhere' }, undefined]]) {
    await openText(page, `fault-${fault.part}-${fault.offset}.jsonl`, [lines[0], JSON.stringify({ ...faulty, fault })].join('\n'));
    await until(page, error => document.querySelector('.body .fault')?.textContent.includes(error), fault.error);
    check(`a fault at ${fault.part}, ${fault.offset} is shown`, (await page.locator('.summary .fault-mark').textContent()).includes(fault.error));
    const next = await page.locator('.fields li:has(.fault) + li [data-key] b').allTextContents();
    same(`before ${where ?? 'nothing'}`, next, where ? [where] : []);
    same(`and its byte is marked`, await page.locator('.b.bad').count(), where ? 1 : 0);
  }
  await openText(page, 'fault.jsonl', [lines[0], JSON.stringify({ ...faulty, fault: { part: 0, offset: 16, error: 'the MAC of the frame header is wrong' } })].join('\n'));
  await until(page, () => document.querySelector('.body .fault')?.textContent.includes('the MAC of'));
  await page.locator('.summary').scrollIntoViewIfNeeded();
  await page.screenshot({ path: join(shots, 'fault.png') });

  // A large part.
  const big = 10_000;
  const large = { id: '1-big', title: 'big', from: 'recipient', parts: [{ name: 'frame', means: 'much', spec: '', code: '', knownBy: 'everybody', secret: false, hex: 'ab'.repeat(big), fields: [{ id: '1-big/a', name: 'a', means: '', offset: 0, length: 5000, depth: 0 }, { id: '1-big/b', name: 'b', means: '', offset: 5000, length: 5000, depth: 0 }], values: [] }] };
  await openText(page, 'big.jsonl', [lines[0], JSON.stringify(large)].join('\n'));
  await until(page, () => document.querySelectorAll('.b').length === 4096);
  check('a large part is shown in part', (await page.locator('.more').textContent()).includes('4,096 bytes of 10,000'));
  await page.locator('.more button').click();
  same('and whole when asked for', await page.locator('.b').count(), big);

  // Several connections.
  const two = [lines[0], ...[1, 2].flatMap(connection => lines.slice(1, 1 + 2 * connection).map(line => JSON.stringify({ ...JSON.parse(line), connection, micros: 1500 * connection })))].join('\n');
  await openText(page, 'two.jsonl', two);
  await until(page, () => !document.getElementById('connection-label').hidden);
  same('several connections: the first is shown', await page.locator('.step').count(), 2);
  await page.selectOption('#connection', '2');
  same('the chooser shows the other', await page.locator('.step').count(), 4);
  check('with the time', (await summaries(page).first().textContent()).includes('0.003000 s'));
  check('the address says which', (await hashOf(page)).includes('c=2'));
  await field(page, '1-auth/S').click();
  check('and one can choose in it', (await details(page).locator('h2').textContent()) === 'S');
  await page.context().close();
}

async function otherPages() {
  for (const name of readdirSync(dir).filter(name => name.endsWith('.html') && name !== 'a4.html')) {
    const context = await newContext();
    const page = await context.newPage();
    await page.goto(pathToFileURL(join(dir, name)).href);
    const shall = await page.evaluate(() => document.getElementById('trace').textContent.trim().split('\n').slice(1).map(line => JSON.parse(line))
      .map(step => ['everybody', ''].map(who => step.parts.filter(part => (part.knownBy === 'everybody') === Boolean(who)).reduce((sum, part) => sum + part.hex.length / 2, 0))));
    await page.click('#open-all');
    const is = [];
    for (const index of shall.keys()) {
      const counts = [];
      for (const view of ['wire', 'plain']) {
        await setView(page, index, view);
        counts.push(await page.locator('.step').nth(index).locator('.b').count());
      }
      is.push(counts);
    }
    same(`${name}: each step opens with all its bytes`, is, shall);
    await context.close();
  }
}

async function copying() {
  const page = await newPage();
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  const press = async locator => { await locator.click(); await until(page, () => document.getElementById('status').textContent === 'Copied.'); };
  await press(page.locator('[data-go=copy-command]'));
  same('copy: the command', await copied(), header.command);
  await press(page.locator('[data-go=copy-step]'));
  same('copy: a step as it travels', await copied(), wireHex(steps[0]));
  await press(page.locator('[data-go=copy-part-3]'));
  same('copy: a part', await copied(), steps[0].parts[3].hex);
  await field(page, '1-auth/iv').click();
  await press(details(page).locator('.copy'));
  same('copy: a field', await copied(), steps[0].parts[3].hex.slice(130, 162));
  await page.context().close();
}

async function keyboard() {
  const page = await newPage('', { reducedMotion: 'reduce' });
  await page.evaluate(() => {
    window.heard = [];
    document.addEventListener('keydown', event => window.heard.push(event.key));
    window.moves = [];
    const real = window.scrollTo;
    window.scrollTo = options => { window.moves.push(options.behavior); real.call(window, options); };
  });
  const active = () => page.evaluate(() => {
    const { activeElement: one } = document;
    return { go: one.dataset.go, key: one.dataset.key, name: one.className, text: one.textContent, step: [...document.querySelectorAll('.step')].indexOf(one.closest('.step')), outline: getComputedStyle(one).outlineStyle };
  });
  const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key); return active(); };
  const tabTo = async test => {
    for (let i = 0; i < 60; i += 1) {
      const now = await press('Tab');
      if (test(now)) return now;
    }
    return active();
  };
  let now = await tabTo(one => one.go === 'summary');
  check('keys: Tab comes to the first step', now.step === 0 && now.go === 'summary');
  check('keys: the focus can be seen', now.outline !== 'none');
  now = await press('ArrowDown', 'ArrowRight');
  check('keys: down to ack, and open it', now.step === 1 && await page.locator('.body').nth(1).isVisible());
  now = await tabTo(one => one.go === 'view-plain');
  now = await press('Enter');
  check('keys: decrypted; the focus stays', now.go === 'view-plain' && (await hashOf(page)) === '#s=2-ack&v=plain', JSON.stringify(now));
  now = await tabTo(one => one.go?.startsWith('part-'));
  now = await press('ArrowDown', 'ArrowDown');
  check('keys: down the fields', now.key === '2-ack/prefix', now.key);
  now = await press('ArrowDown', 'Enter');
  check('keys: Enter chooses', (await hashOf(page)).includes('f=2-ack/recipient-ephemeral-pubk') && now.key === '2-ack/recipient-ephemeral-pubk');
  now = await press('ArrowRight');
  check('keys: right goes to the details', now.text === 'recipient-ephemeral-pubk' && now.step === -1);
  now = await tabTo(one => one.text === 'recipient-ephemeral-privkey');
  now = await press('Enter');
  check('keys: a name in the formula leads on', now.text === 'recipient-ephemeral-privkey' && (await hashOf(page)).includes('f=2-ack/recipient-ephemeral-privkey'), JSON.stringify(now));
  now = await press('Escape');
  check('keys: Escape goes to its place', now.key === '2-ack/recipient-ephemeral-privkey');
  now = await press('Escape');
  check('keys: once more, and nothing is chosen', now.key === '2-ack/recipient-ephemeral-privkey' && !(await hashOf(page)).includes('f='));
  now = await press('ArrowLeft');
  check('keys: left goes to the step', now.step === 1 && now.go === 'summary');
  now = await press('ArrowUp', 'Tab', 'Tab', 'Tab');
  now = await tabTo(one => one.go?.startsWith('byte-3'));
  now = await press('ArrowRight', 'ArrowDown', 'ArrowRight', 'ArrowLeft');
  same('keys: arrows over the bytes', now.go, 'byte-3-17');
  now = await press('Enter');
  check('keys: Enter chooses the byte', (await hashOf(page)).endsWith('f=1-auth/R&b=17&v=wire') && now.go === 'byte-3-17');
  same('keys: and the flip is told', await details(page).locator('.flip').count(), 1);
  now = await press('End');
  same('keys: End', now.go, 'byte-3-502');
  check('keys: a byte has a name for screen readers', (await page.evaluate(() => document.activeElement.getAttribute('aria-label'))) === '4f, byte 502, tag');
  same('keys: each grid is one stop of Tab', await page.locator('.grid').evaluateAll(all => all.map(grid => grid.querySelectorAll('[tabindex="0"]').length)), await page.locator('.grid').evaluateAll(all => all.map(() => 1)));
  await page.focus('#who [value=everything]');
  await press('ArrowLeft');
  check('keys: arrows change who', (await hashOf(page)).includes('w=recipient'));
  await page.evaluate(() => document.activeElement.blur());
  await press('ArrowRight', 'ArrowLeft');
  same('keys: no arrow reaches a page around', await page.evaluate(() => window.heard.filter(key => key.startsWith('Arrow'))), []);
  check('less motion if asked for', await page.evaluate(() => window.moves.length > 0 && window.moves.every(move => move === 'auto')));
  await page.context().close();
}

async function embedded() {
  const context = await newContext();
  const page = await context.newPage();
  // A page that has the explorer in a frame far below.
  const outer = join(mkdtempSync(join(tmpdir(), 'explorer-')), 'outer.html');
  writeFileSync(outer, `<!doctype html><div style="height:3000px"></div><iframe src="${url}#s=3-Hello&amp;f=3-Hello/frame-mac&amp;v=wire" style="width:760px;height:700px"></iframe>`);
  await page.goto(pathToFileURL(outer).href);
  await page.waitForTimeout(1000);
  const frame = page.frames().find(one => one.url().includes('a4.html'));
  same('in a frame it shows what the address says', await frame.locator('[data-key].chosen').getAttribute('data-key'), '3-Hello/frame-mac');
  same('and does not move the page around it', await page.evaluate(() => scrollY), 0);
  await context.close();
}

async function forReaders() {
  const page = await newPage();
  await page.click('#open-all');
  await page.locator('.b').nth(5).click();
  const bad = await page.evaluate(() => {
    const nameOf = one => one.getAttribute('aria-label') || one.textContent.trim() || one.labels?.[0]?.textContent;
    return [...document.querySelectorAll('button, a, input, select, summary')].filter(one => !nameOf(one)).map(one => one.outerHTML.slice(0, 80));
  });
  same('every control has a name', bad, []);
  same('every id is there once', await page.evaluate(() => { const ids = [...document.querySelectorAll('[id]')].map(one => one.id); return ids.filter((id, i) => ids.indexOf(id) !== i); }), []);
  same('every step says what it opens', await page.evaluate(() => [...document.querySelectorAll('.summary')].every(one => document.getElementById(one.getAttribute('aria-controls')))), true);
  check('what is chosen is told', (await page.locator('#status').textContent()).includes('is chosen'));
  const roles = await page.evaluate(() => [...document.querySelectorAll('.grid')].every(grid => [...grid.children].every(row => row.getAttribute('role') === 'row' && [...row.children].every(cell => /gridcell|rowheader/.test(cell.getAttribute('role'))))));
  check('grids are made of rows and cells', roles);
  // Contrast of all text on what is behind it, in both schemes.
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme });
    await until(page, scheme => matchMedia(`(prefers-color-scheme: ${scheme})`).matches, scheme);
    const low = await page.evaluate(() => {
      const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
      const rgb = color => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
      const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map(v => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4)); return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
      const behind = one => { for (let at = one; at; at = at.parentElement) { const color = rgb(getComputedStyle(at).backgroundColor); if (color[3] > 250) return color; } return [255, 255, 255, 255]; };
      const worst = new Map();
      for (const one of document.querySelectorAll('body *')) {
        if (![...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()) || !one.checkVisibility()) continue;
        const [a, b] = [light(rgb(getComputedStyle(one).color)), light(behind(one))].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < 4.5) worst.set(`${one.tagName}.${one.className}`, ratio.toFixed(2));
      }
      return [...worst];
    });
    same(`all text can be read, ${scheme} (contrast 4.5)`, low, []);
  }
  await page.context().close();
}

async function withoutScript() {
  const page = await newPage('', { javaScriptEnabled: false });
  const text = await page.locator('pre').innerText();
  same('without JavaScript the text is there', text.trim(), read('a4.txt').trim());
  check('and nothing that does not work', await page.locator('.scripted').first().isHidden() && await page.locator('.scripted').last().isHidden());
  await page.context().close();
}

async function looks() {
  const page = await newPage('#s=1-auth&f=1-auth/R&b=20&v=wire');
  await page.waitForTimeout(600);
  await page.screenshot({ path: join(shots, 'light.png') });
  const colour = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await colour();
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await colour();
  check('dark if the system is dark', light !== dark);
  await page.click('#theme');
  same('the toggle makes it light', await colour(), light);
  await page.click('#theme');
  same('and dark again', await colour(), dark);
  await field(page, '1-auth/tag').click();
  await page.waitForTimeout(300);
  await page.screenshot({ path: join(shots, 'dark.png') });
  await page.context().close();

  const top = await newPage();
  await top.screenshot({ path: join(shots, 'top.png') });
  await top.click('#open-all');
  for (const index of steps.keys()) await setView(top, index, 'plain');
  await field(top, '2-ack/aes-secret').click();
  await top.waitForTimeout(300);
  await top.screenshot({ path: join(shots, 'all-plain.png'), fullPage: true });
  await top.check('#who [value=eavesdropper]');
  await top.evaluate(() => scrollTo(0, 0));
  await top.screenshot({ path: join(shots, 'eavesdropper.png') });
  await top.context().close();

  const frame = await newPage('#s=3-Hello&f=3-Hello/frame-mac&v=wire', { viewport: { width: 760, height: 700 } });
  await frame.waitForTimeout(600);
  await frame.screenshot({ path: join(shots, 'embedded.png') });
  await frame.context().close();

  const phone = await newPage('', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await phone.screenshot({ path: join(shots, 'phone-top.png') });
  await phone.click('#open-all');
  for (const view of ['wire', 'plain']) {
    for (const index of steps.keys()) await setView(phone, index, view);
    await phone.locator('.b').nth(40).click();
    const wide = await phone.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    same(`390 px, ${view}: nothing sticks out`, wide, [390, 390]);
    same(`390 px, ${view}: eight bytes in a row`, await phone.evaluate(() => {
      const [first] = [...document.querySelectorAll('.grid')].filter(grid => grid.querySelectorAll('.b').length > 16);
      const cells = [...first.querySelectorAll('.b')];
      const top = one => Math.round(one.getBoundingClientRect().top);
      return cells.filter(cell => top(cell) === top(cells[0])).length;
    }), 8);
    await phone.waitForTimeout(600);
    await phone.screenshot({ path: join(shots, `phone-${view}.png`) });
  }
  check('390 px: the sheet leaves room for the bytes', (await details(phone).boundingBox()).height <= 844 * 0.5);
  await details(phone).locator('.close').click();
  check('390 px: and can be closed', await details(phone).isHidden());
  await phone.context().close();

  const paper = await newPage('#s=3-Hello&f=3-Hello/frame-mac&v=wire');
  await paper.emulateMedia({ media: 'print' });
  await paper.waitForTimeout(300);
  same('on paper everything is open', await paper.locator('.body:visible').count(), steps.length);
  same('in both forms', await paper.locator('.b').count(), steps.reduce((sum, step) => sum + step.parts.reduce((sum, part) => sum + part.hex.length / 2, 0), 0));
  same('and there are no controls', await paper.locator('.bar:visible, .copy:visible, .pick:visible, input:visible, select:visible, #details:visible').count(), 0);
  await paper.screenshot({ path: join(shots, 'print.png'), fullPage: true });
  await paper.emulateMedia({ media: 'screen' });
  await until(paper, () => document.querySelectorAll('.step.open').length === 1);
  same('back on the screen one step is open', await paper.locator('.body:visible').count(), 1);
  const pdf = await paper.pdf({ path: join(shots, 'print.pdf'), format: 'A4' });
  const sheets = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0;
  check(`it prints on ${sheets} sheets, all steps`, sheets >= 8);
  await paper.context().close();
}

for (const test of [theFile, firstPaint, begin, bytes, lighting, flipping, whoKnows, addresses, ownFiles, hostileFiles, otherPages, copying, keyboard, embedded, forReaders, withoutScript, looks]) {
  try {
    await test();
  } catch (error) {
    check(`${test.name} runs to its end`, false, String(error.stack ?? error).slice(0, 1500));
  }
}
await browser.close();
same('no request leaves the page', requests.filter(url => !/^(file|data|blob):/.test(url)), []);
same('the console is empty', complaints, []);
console.log(`${checks - failed} of ${checks} checks are right`);
process.exit(failed ? 1 : 0);
