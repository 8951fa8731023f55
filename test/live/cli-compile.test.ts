// `wasprey compile` where there is nothing but the sources: no root, no capability, no network, another folder.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../../host/setup/paths.mjs';

const NOBODY = 65534;

/** The process has neither rights nor a way to get some (capabilities(7), no_new_privs in prctl(2)). */
const WITHOUT_RIGHTS = [
  ...['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'],
  ...['--no-new-privs', '--bounding-set=-all', '--inh-caps=-all'],
];

const RULES = `
- list: secrets
  items: [/etc/shadow, /etc/gshadow]
- rule: Secret read
  desc: for a test
  condition: evt.type in (open, openat) and fd.name in (secrets) and not proc.name in (sshd, login)
  output: "%proc.name read %fd.name"
  priority: WARNING
`;

function run(words: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const [program = '', ...rest] = words;
  return spawnSync(program, rest, { encoding: 'utf8', env: { ...process.env, ...environment } });
}

test('the same bytes come out without root, capabilities and network, and from another folder', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-compile-'));
  t.after(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o755);
  const [rules, plain, elsewhere] = [join(folder, 'rules.yaml'), join(folder, 'plain.wasm'), join(folder, 'elsewhere')];
  writeFileSync(rules, RULES);
  const project = join(folder, 'project');
  for (const path of [project, elsewhere]) mkdirSync(path);
  chownSync(elsewhere, NOBODY, NOBODY);
  const compile = (root: string, to: string): string[] => {
    const words = [join(root, 'host/setup/bootstrap.mjs'), 'host/cli/main.ts', 'compile'];
    return [process.execPath, ...words, rules, '-o', to];
  };

  const usual = run(compile(PROJECT, plain));
  assert.equal(usual.status, 0, usual.stderr);

  // The folder of the project may be one that only its owner enters: it is seen at a place that everybody does.
  const enter = ['unshare', '--net', '--mount', 'sh', '-c', 'mount --bind "$0" "$1" && shift && exec "$@"'];
  const there = [PROJECT, project, ...WITHOUT_RIGHTS];
  const others = join(elsewhere, 'rules.wasm');

  const rights = run([...enter, ...there, 'cat', '/proc/self/status', '/proc/net/dev', '/etc/shadow']);
  assert.match(rights.stdout, /^CapEff:\t0+$/m);
  assert.match(rights.stdout, /^CapBnd:\t0+$/m);
  assert.deepEqual(rights.stdout.match(/^ *\w+(?=:.* 0 .* 0 )/gm), ['    lo'], rights.stdout);
  assert.match(rights.stderr, /\/etc\/shadow: Permission denied/);

  const bare = run([...enter, ...there, ...compile(project, others)], { HOME: '/nonexistent' });
  assert.equal(bare.status, 0, bare.stderr);
  assert.deepEqual(readFileSync(others), readFileSync(plain));
});
