// What git cannot hold, or should not: links out of the app, pipes, huge and deep files, bytes that are not text.
// Each runs in a copy of the case's folder; `app` is the app in it, files beside it are outside the app.
import { execFileSync } from 'node:child_process';
import { symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export const setups: Readonly<Record<string, (folder: string) => void>> = {
  '14-too-deep': (folder) => {
    const deep = '['.repeat(5000);
    writeFileSync(path.join(folder, 'app/_index.yaml'), `namespace: app\nentries: ${deep}\n`);
  },
  '18-nul-character': (folder) => {
    writeFileSync(path.join(folder, 'app/_index.yaml'), 'namespace: app\nentries:\n  - name: a\0b\n');
  },
  '23-source-link-out': (folder) => {
    writeFileSync(path.join(folder, 'canary.lua'), 'return "canary"');
    symlinkSync('../canary.lua', path.join(folder, 'app/inside.lua'));
    symlinkSync('..', path.join(folder, 'app/up'));
  },
  '25-source-pipe-and-device': (folder) => {
    execFileSync('mkfifo', [path.join(folder, 'app/pipe.lua')]);
    symlinkSync('/dev/zero', path.join(folder, 'app/zero.lua'));
  },
  '26-source-not-utf8': (folder) => {
    const latin1 = Buffer.from('local name = "caf\xe9"\nreturn name\n', 'latin1');
    writeFileSync(path.join(folder, 'app/latin.lua'), latin1);
    writeFileSync(
      path.join(folder, 'app/more.yaml'),
      Buffer.from('namespace: app\nentries: [\xff]\n', 'latin1'),
    );
  },
  '27-too-big': (folder) => {
    writeFileSync(path.join(folder, 'app/big.lua'), 'return 1\n');
    truncateSync(path.join(folder, 'app/big.lua'), 4 * 1024 * 1024 + 1);
  },
  '51-index-link-out': (folder) => {
    writeFileSync(path.join(folder, 'outside.yaml'), 'namespace: canary\nentries: []\n');
    symlinkSync('../outside.yaml', path.join(folder, 'app/_index.yaml'));
    symlinkSync('..', path.join(folder, 'app/parent'));
  },
};
