// The actions as a whole: each stock rule has one, or a reason why there is none, and the list can be relied on.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { APPLETS } from '../../../deploy/image/debian-programs.ts';
import { loadRules } from '../../../host/compiler/rules/load.ts';
import { type Behaviour, rulesOf } from '../../../host/generate/actions/action.ts';
import { ACTIONS } from '../../../host/generate/actions/index.ts';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { NEAR_MISSES } from '../../near-misses/index.ts';
import { missingFalco } from '../../support/falco-data.ts';
import { STOCK_FILES, stockRules } from '../../support/stock-rules.ts';
import { UNPRODUCIBLE } from '../../support/unproducible-rules.ts';

function namesIn(text: string): string[] {
  return [...text.matchAll(/^- rule: (.*\S)\s*$/gm)].map(([, name = '']) => name);
}

for (const file of STOCK_FILES) {
  const covered = `each rule of ${file} has an action, or a reason why there is none, and not both`;
  test(covered, { skip: missingFalco(file) }, () => {
    const { rules } = loadRules([{ name: file, text: stockRules(file) }]);
    assert.ok(rules.length > 0);
    for (const { name } of rules) {
      const acted = ACTIONS.some((action) => action.rules.includes(name));
      assert.equal(acted, !(name in UNPRODUCIBLE), name);
    }
  });
}

test('actions and reasons name stock rules that there are', { skip: missingFalco(...STOCK_FILES) }, () => {
  const stock = new Set(STOCK_FILES.flatMap((file) => namesIn(stockRules(file))));
  const named = [...ACTIONS.flatMap(({ rules }) => rules), ...Object.keys(UNPRODUCIBLE)];
  assert.deepEqual(
    named.filter((name) => !stock.has(name)),
    [],
  );
});

test('actions name shipped rules that there are', () => {
  const own = new Set(
    readdirSync(join(PROJECT, 'rules')).flatMap((name) => namesIn(readFileSync(join(PROJECT, 'rules', name), 'utf8'))),
  );
  const named = ACTIONS.flatMap(({ ownRules = [] }) => ownRules);
  assert.ok(named.length > 0);
  assert.deepEqual(
    named.filter((name) => !own.has(name)),
    [],
  );
});

describe('each action', () => {
  const scene = { marker: 'w0123456789ab', directory: '/tmp/wasprey-w0123456789ab', act: '/usr/bin/act' };
  test('has a name of its own in kebab case, a description that is a clause, and a rule', () => {
    const names = ACTIONS.map(({ name }) => name);
    assert.deepEqual(names, [...new Set(names)]);
    for (const action of ACTIONS) {
      assert.match(action.name, /^[a-z0-9]+(-[a-z0-9]+)*$/);
      assert.match(action.description, /^[a-z].*[^.]$/, action.name);
      assert.ok(rulesOf(action).length > 0, action.name);
    }
  });
  test('has near misses, and each near miss an action', () => {
    assert.deepEqual(Object.keys(NEAR_MISSES).sort(), ACTIONS.map(({ name }) => name).sort());
  });
  test('starts programs that are there: in the image, or named among what it needs', () => {
    for (const action of ACTIONS) {
      const programs = action.steps(scene).flatMap(([step, program]) => (step === '@spawn' ? [`${program}`] : []));
      const there = [...APPLETS, ...(action.needs?.programs ?? [])];
      for (const program of programs.filter((path) => !path.startsWith('/'))) {
        assert.ok(there.includes(program), `${action.name} starts ${program}`);
      }
    }
  });
  test('leaves nothing that is not its own', () => {
    for (const action of ACTIONS) {
      const all: readonly Behaviour[] = [action, ...(NEAR_MISSES[action.name] ?? [])];
      for (const path of all.flatMap((each) => each.leaves?.(scene) ?? [])) {
        assert.ok(path.startsWith('/') && path.includes(scene.marker), `${action.name} leaves ${path}`);
      }
    }
  });
});
