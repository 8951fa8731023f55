// Falco beside the agent in the bench: how it is found, what it is started with, and its figures in the table. A script stands in for it.

import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, test } from 'node:test';
import { falcoHere, sides } from '../../bench/falco.ts';
import { BenchError, type Session } from '../../bench/figure.ts';
import { renderFigures } from '../../bench/table.ts';
import { directoryForTests } from '../../support/directory.ts';
import { until } from '../../support/until.ts';

const directory = directoryForTests();
const session: Session = { quick: true, run: [], progress: () => {} };

/** A program that runs this as a shell's script. */
function standIn(name: string, script: string): string {
  const path = join(directory, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

beforeEach(() => {
  delete process.env.FALCO;
  delete process.env.FALCO_CONFIG;
});

test('without FALCO the agent is measured alone', () => {
  assert.equal(falcoHere(), undefined);
  assert.deepEqual(
    sides(session).map(({ is }) => is),
    ['agent'],
  );
});

test('FALCO is a command with its own words, asked for its version', () => {
  const path = standIn('falco', '[ "$*" = "--modern --version" ] && echo "Falco version: 0.44.1 (x86_64)"');
  process.env.FALCO = `${path}  --modern`;
  assert.deepEqual(falcoHere(), { name: 'Falco 0.44.1', command: [path, '--modern'] });
});

test('a FALCO that is missing, fails or names no version is an error', () => {
  for (const [command, message] of [
    [join(directory, 'missing'), /^FALCO: `.*\/missing --version` fails: .*ENOENT/],
    [standIn('failing', 'echo no driver >&2; exit 1'), /^FALCO: `.*\/failing --version` fails: no driver\n$/],
    [standIn('nameless', 'echo hello'), /^FALCO: `.*\/nameless --version` names no version: hello\n$/],
  ] as const) {
    process.env.FALCO = command;
    assert.throws(falcoHere, (error) => error instanceof BenchError && message.test(error.message), command);
  }
});

test('it is started with the configuration and the same rules, and its lines are read', async () => {
  const written = join(directory, 'words');
  const path = standIn('started', `echo "$*" >${written}; echo '{"rule":"one"}'; exec sleep 60`);
  process.env.FALCO_CONFIG = '/etc/falco/falco.yaml';
  const [agent, falco] = sides({ ...session, falco: { name: 'Falco 0.44.1', command: [path, '--modern'] } });
  assert.deepEqual([agent?.is, falco?.is], ['agent', 'falco']);
  const started = falco?.spawn(['one.yaml', 'two.yaml']) ?? assert.fail();
  try {
    await until(() => started.lines === 1);
  } finally {
    await started.stop();
  }
  assert.equal(
    readFileSync(written, 'utf8'),
    '--modern -c /etc/falco/falco.yaml -r one.yaml -r two.yaml -U -o json_output=true -o stdout_output.enabled=true\n',
  );
});

test('the table has its median beside ours, and the ratio', () => {
  const figure = { what: 'open', unit: '+%', samples: [20], falcoHere: [120, 90, 100], falco: 157 } as const;
  const [, head = '', row = ''] = renderFigures('bench', [figure], 'Falco 0.44.1').split('\n');
  assert.match(head, /Falco 0\.44\.1/);
  assert.match(row, /^open\s+\+20\.0 %\s+\+100(?:\.0)? %\s+\S*5/);
});
