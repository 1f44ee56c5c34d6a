// Makes docs/images/: what people see in the Temporal UI of a run of the orders example, for the README, and of services that fail, for
// the page about them. Needs a Chromium (MOONTIDE_CHROMIUM, or one of the usual names on the PATH). `node scripts/screenshots.js`
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const images = join(root, 'docs/images');
const bin = join(root, 'bin/moontide.js');

const browserPath = () => {
  if (process.env.MOONTIDE_CHROMIUM) return process.env.MOONTIDE_CHROMIUM;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    const found = spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim();
    if (found !== '') return found;
  }
  throw new Error('no Chromium is on the PATH; install one, or name it in MOONTIDE_CHROMIUM');
};

const folder = mkdtempSync(join(tmpdir(), 'moontide-screenshots-'));

/** The orders example, with a run that is done. */
function orders() {
  const app = join(folder, 'orders');
  cpSync(join(root, 'examples/orders'), app, {
    recursive: true,
    filter: (path) => !path.includes('.moontide'),
  });
  return app;
}

/** Services of which one runs, one is tried again, and one is given up. */
function shop() {
  const app = join(folder, 'shop');
  mkdirSync(join(app, 'src'), { recursive: true });
  writeFileSync(join(app, 'moontide.yaml'), 'name: shop\n');
  writeFileSync(
    join(app, 'src/_index.yaml'),
    `version: "1.0"
namespace: shop
entries:
  - { name: hosts, kind: process.host }
  - { name: works, kind: process.lua, source: "return function() process.events():receive() end" }
  - name: breaks
    kind: process.lua
    source: |
      return function()
        local rates = nil
        return rates.eur
      end
  - { name: catalog, kind: process.service, process: works, host: hosts, lifecycle: { auto_start: true } }
  - { name: mailer, kind: process.service, process: works, host: hosts, lifecycle: { auto_start: true, requires: [catalog] } }
  - { name: report, kind: process.service, process: works, host: hosts }
  - name: rates
    kind: process.service
    process: breaks
    host: hosts
    lifecycle: { auto_start: true, restart: { initial_delay: 5m } }
  - name: import
    kind: process.service
    process: breaks
    host: hosts
    lifecycle: { auto_start: true, restart: { max_attempts: 1, initial_delay: 100ms } }
`,
  );
  return app;
}

async function dev(app, use) {
  const node = spawn(process.execPath, [bin, '--app', app, '--json', 'dev'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const run = (...args) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [bin, '--app', app, '--json', ...args], {
      encoding: 'utf8',
    });
    if (!stdout.startsWith('{') || status > 1) throw new Error(`${args.join(' ')}: ${stdout}${stderr}`);
    return JSON.parse(stdout);
  };
  try {
    const ready = await new Promise((resolve, reject) => {
      let text = '';
      node.stdout.on('data', (piece) => {
        text += piece;
        if (text.includes('\n')) resolve(JSON.parse(text.split('\n')[0]));
      });
      node.once('exit', () => reject(new Error('dev ended')));
    });
    await use(ready, run);
  } finally {
    node.kill('SIGTERM');
    await new Promise((resolve) => node.once('exit', resolve));
  }
}

mkdirSync(images, { recursive: true });
const browser = await chromium.launch({ executablePath: browserPath(), args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
/** Waits until `shown` is there. */
const shoot = async (address, shown, file) => {
  await page.goto(address);
  await shown.waitFor({ timeout: 60_000 });
  await page.waitForTimeout(1500); // its parts come one after the other
  await page.screenshot({ path: join(images, file) });
  process.stdout.write(`docs/images/${file}\n`);
};
try {
  await dev(orders(), async (ready, run) => {
    const started = run(
      'start',
      'orders:order',
      JSON.stringify({ id: 'order-1042', sku: 'mug', quantity: 2 }),
      '--id',
      'order-1042',
    );
    run('send', 'order-1042', 'approve', '{"by":"ada"}');
    await shoot(
      `${ready.ui}/order-1042/${started.run_id}/timeline`,
      page.getByText('Completed').first(),
      'run.png',
    );
  });
  await dev(shop(), async (ready, run) => {
    const isGivenUp = ({ state, retry_at: next }) => state === 'Failed' && next === null;
    while (!run('services').services.some(isGivenUp));
    const id = encodeURIComponent('moontide.supervisor/shop');
    await page.goto(`${ready.ui}/${id}`);
    await page.waitForURL(/timeline|history/, { timeout: 60_000 });
    const metadata = page.url().replace(/\/(timeline|history).*$/, '/user-metadata');
    const details = page.frameLocator('iframe').last(); // Markdown has a frame of its own
    await shoot(metadata, details.getByText('services have failed'), 'services.png');
  });
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
