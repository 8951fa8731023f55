// Conditions on paths that no call makes absolute (a symbolic link's text, a mount's device): resolved from the current directory, as in
// output.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shown } from '../../support/records/fields.ts';
import { RuleModule, rulesOf } from '../../support/records/rule-module.ts';

function symlink(module: RuleModule, cwd: string, target: string) {
  const image = module.records.image({ cwd, cwd_slash: `${cwd}/` });
  module.setCandidates(image);
  const from = module.records.end;
  const event = module.records.event('symlink', image, { old_raw: target, new_raw: 'x', new_name: '/x', result: 0n });
  return { output: shown(event, 'fs.path.target'), matches: module.evaluate(from, module.records.end) };
}

test('a relative path is resolved from the current directory', async () => {
  const paths = ['/etc/shadow', '/a/x/y', '/c/d', '/', '/w'];
  const module = await RuleModule.of(rulesOf(paths.map((path) => `fs.path.target = "${path}"`)));
  const cases = [
    ['/work', '../etc/shadow', '/etc/shadow'],
    ['/a/b/c', '../../x/./y', '/a/x/y'],
    ['/a', '/b/../c//d/', '/c/d'],
    ['/', '..', '/'],
    ['/w', 'a/../../..', '/'],
    ['/w', '', '/w'],
    ['/a/x', 'b/../y/z/..', '/a/x/y'],
  ] as const;
  for (const [cwd, target, path] of cases) {
    assert.deepEqual(
      symlink(module, cwd, target),
      { output: path, matches: [paths.indexOf(path)] },
      `${cwd} ${target}`,
    );
  }
});

test('a path of very many parts is compared as it is', async () => {
  const module = await RuleModule.of(
    rulesOf(['fs.path.target startswith /w/a/a/', 'fs.path.target contains b/../c', 'fs.path.target = /c']),
  );
  const long = symlink(module, '/w', `${'a/'.repeat(2000)}b/../c`);
  assert.deepEqual(long.matches, [0, 1]);
  assert.deepEqual(symlink(module, '/w', `${'a/../'.repeat(800)}../c`).matches, [2]);
});
