// Tests the pages of a hub in a browser: node hub.mjs TEACHER_URL ROOM_URL LEARNER_URL SHOTS_DIR
// In the room are 30 learners: five are stuck, one of those calls itself <img …>, the last of them has LEARNER_URL.
// One line for each check; the exit code is 1 if one of them fails.
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';

const [teacherUrl, roomUrl, learnerUrl] = process.argv.slice(2);
const shots = resolve(process.argv[5]);
mkdirSync(shots, { recursive: true });

let failed = 0;
function check(name, is, more = '') {
  if (!is) failed += 1;
  console.log(`${is ? 'ok  ' : 'FAIL'} ${name}${is || !more ? '' : `: ${more}`}`);
}
const same = (name, is, shall) => check(name, JSON.stringify(is) === JSON.stringify(shall), `is ${JSON.stringify(is)}, shall be ${JSON.stringify(shall)}`);

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const requests = [];
const complaints = [];
async function open(url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1366, height: 900 }, colorScheme: 'light', ...options });
  context.setDefaultTimeout(30_000);
  context.on('request', request => requests.push(request.url()));
  const page = await context.newPage();
  page.on('console', message => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
  page.on('pageerror', error => complaints.push(String(error.stack ?? error)));
  page.on('dialog', dialog => { complaints.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  await page.goto(url);
  if (options.javaScriptEnabled !== false) await page.waitForSelector('#state.live');
  return page;
}
const shot = (page, name) => page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
const texts = (page, selector) => page.locator(selector).allTextContents();
const fits = page => page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);

const teacher = await open(teacherUrl);
await shot(teacher, 'teacher');
same('all learners are there', await teacher.locator('.learner').count(), 30);
same('five are stuck', await teacher.locator('.learner.stuck').count(), 5);
const stuck = (await texts(teacher, '.learner .name')).slice(0, 5);
check('who is stuck longest comes first', stuck[0] === 'Ada' && stuck[4] === 'Barbara', String(stuck));
check('a name is text', stuck[1].startsWith('<img src=x onerror='), stuck[1]);
same('and no picture', await teacher.locator('img').count(), 0);
same('each has the checkpoint that was missed', await texts(teacher, '.checkpoints .missed'), ['same node', 'auth', 'name', 'drop', 'letters'].map(it => `✗ ${it}`));
same('they are five groups', await teacher.locator('.groups li').count(), 5);
// Twenty-five have passed one of the eight each, in turns.
same('it says how many have passed each exercise', (await texts(teacher, '.shares tbody td:nth-of-type(1)')).map(it => it.trim()), ['4 of 30', ...Array(7).fill('3 of 30')]);
check('a node that sends garbage is seen', (await texts(teacher, '.visitors .fault')).some(it => it.includes('handshake packet')));
check('what was seen stands there', (await texts(teacher, '.learner.stuck .seen')).some(it => it.includes('another key')));
await teacher.locator('.learner.stuck summary').first().click();
check('and all of it is one click away', (await teacher.locator('.learner.stuck pre').first().innerText()).length > 20);

const room = await open(roomUrl);
await shot(room, 'room');
const wall = await room.locator('body').innerText();
check('the wall has no names', !stuck.some(name => wall.includes(name)) && !wall.includes('learner 1'), wall);
check('it says where it is', wall.includes(new URL(roomUrl).origin));
check('it says how to come in', /cargo exercise --join "enode:\/\/[0-9a-f]{128}@/.test(wall));
check('and how many are stuck', wall.includes('5 stuck'));
const addresses = [teacherUrl, learnerUrl].map(url => new URL(url).pathname.split('/')[2]);
check('it does not tell the secrets', !addresses.some(secret => wall.includes(secret)));

// Help: from one page to the other, without a reload.
const learner = await open(learnerUrl, { viewport: { width: 390, height: 800 } });
same('a learner sees one row', await learner.locator('.learner').count(), 1);
await learner.getByRole('button', { name: 'Call for help' }).click();
await learner.getByRole('button', { name: 'I am fine again' }).waitFor();
await teacher.locator('.learner.help').waitFor();
same('who calls comes first', (await texts(teacher, '.learner .name'))[0], 'Barbara');
check('the fold is still open', await teacher.locator('.learner details[open]').count() === 1);
await shot(learner, 'learner');
await shot(teacher, 'teacher-help');
await learner.locator('button').press('Enter');
await teacher.waitForFunction(() => !document.querySelector('.learner.help'));
check('and goes back', (await texts(teacher, '.learner .name'))[0] === 'Ada');

for (const [name, url] of [['teacher', teacherUrl], ['room', roomUrl], ['learner', learnerUrl]]) {
  const phone = await open(url, { viewport: { width: 390, height: 800 }, colorScheme: 'dark' });
  check(`the ${name}'s page fits a phone`, await fits(phone));
  await shot(phone, `${name}-phone-dark`);
  await phone.context().close();
}
const bare = await open(roomUrl, { javaScriptEnabled: false });
check('without script it says what is missing', (await bare.locator('body').innerText()).includes('JavaScript'));

await browser.close();
const host = new URL(roomUrl).host;
same('nothing comes from elsewhere', requests.filter(url => !url.startsWith(`http://${host}/`) && !url.startsWith('data:')), []);
same('the console is empty', complaints, []);
process.exit(failed ? 1 : 0);
