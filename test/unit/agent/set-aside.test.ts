// A module that fails while it runs is set aside with an alert; the others go on.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RuleModule } from '../../../host/agent/rule-module.ts';
import { parseTemplate } from '../../../host/compiler/conditions/template.ts';
import { compileRuleModule } from '../../../host/sandbox/instantiate.ts';
import { moduleOf, process as processImage, shadowRead, startBuiltAgent } from '../../support/built-agent.ts';
import { check, ruleModule } from '../sandbox/wasm-builder.ts';

const RULES = `
- rule: Any open
  desc: any open at all
  condition: evt.type = openat
  output: "open of %fd.name"
  priority: INFO
`;

/** A module of one rule, whose evaluate does what is given. */
function handMade(evaluate: string): RuleModule {
  return {
    name: 'hand-made.wasm',
    verified: compileRuleModule(ruleModule({ evaluate })),
    sha256: '',
    rules: [
      {
        name: 'Never',
        priority: 'Notice',
        source: 'syscall',
        tags: [],
        output: parseTemplate('never'),
        readsContainers: false,
        readsPods: false,
        eventTypes: ['openat'],
        costs: {},
      },
    ],
    eventTypes: ['openat'],
    names: [],
  };
}

for (const [what, evaluate, failure] of [
  ['traps', '(unreachable)', 'trap'],
  ['never ends', `(loop $l ${check()} (br $l))`, 'out-of-fuel'],
  ['reports a rule that it does not have', '(call $match (i32.const 7) (local.get $from))', 'foreign-match'],
] as const) {
  test(`a module that ${what} is set aside, with an alert`, async () => {
    const troubles: string[] = [];
    const onTrouble = (message: string) => troubles.push(message);
    await using built = await startBuiltAgent([handMade(evaluate), await moduleOf(RULES)], { onTrouble });
    built.agent.inject([processImage(1, {})], [shadowRead(1)]);
    const lines = await built.waitForLines(2);
    assert.ok(lines.some((line) => line.endsWith('Informational open of /etc/shadow')));
    const [own = ''] = built.jsonLines().filter((line) => line.includes('"source":"internal"'));
    const alert = JSON.parse(own) as Record<string, unknown>;
    assert.deepEqual(Object.keys(alert), ['hostname', 'output', 'output_fields', 'priority', 'rule', 'source', 'time']);
    assert.equal(alert.rule, 'Wasprey internal: rule module set aside');
    assert.match(String(alert.output), new RegExp(`hand-made\\.wasm.*\\(${failure}\\)`));
    assert.equal(troubles.length, 1);

    built.agent.inject([], [shadowRead(1)]);
    assert.equal((await built.waitForLines(3)).length, 3);
  });
}
