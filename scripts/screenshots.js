// Makes docs/images/: what people see of a run of the orders example in the Temporal UI, for the README. Needs a Chromium (MOONTIDE_CHROMIUM, or one of the
// usual names on the PATH). `node scripts/screenshots.js`
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
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

const app = join(mkdtempSync(join(tmpdir(), 'moontide-screenshots-')), 'orders');
cpSync(join(root, 'examples/orders'), app, {
  recursive: true,
  filter: (path) => !path.includes('.moontide'),
});
const run = (...args) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, '--app', app, '--json', ...args], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stdout}${stderr}`);
  return JSON.parse(stdout);
};
const dev = spawn(process.execPath, [bin, '--app', app, '--json', 'dev'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const ready = await new Promise((resolve, reject) => {
    let text = '';
    dev.stdout.on('data', (piece) => {
      text += piece;
      if (text.includes('\n')) resolve(JSON.parse(text.split('\n')[0]));
    });
    dev.once('exit', () => reject(new Error('dev ended')));
  });
  const start = (id, order) => run('start', 'orders:order', JSON.stringify({ id, ...order }), '--id', id);
  const shipped = start('order-1042', { sku: 'mug', quantity: 2 });
  run('send', 'order-1042', 'approve', '{"by":"ada"}');
  mkdirSync(images, { recursive: true });
  const browser = await chromium.launch({ executablePath: browserPath(), args: ['--no-sandbox'] });
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const shoot = async (address, text, file) => {
    await page.goto(address);
    await page.getByText(text).first().waitFor({ timeout: 60_000 });
    await page.waitForTimeout(1500); // its parts come one after the other
    await page.screenshot({ path: join(images, file) });
    process.stdout.write(`docs/images/${file}\n`);
  };
  await shoot(`${ready.ui}/order-1042/${shipped.run_id}/timeline`, 'Completed', 'run.png');
  await browser.close();
} finally {
  dev.kill('SIGTERM');
  await new Promise((resolve) => dev.once('exit', resolve));
  rmSync(dirname(app), { recursive: true, force: true });
}
