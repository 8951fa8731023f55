// Ways round rules that name files: each reads /etc/shadow by another path, and is held against Falco's own rules.

import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { act, makeDirectory, type Step, str } from '../support/live-act.ts';
import { type AlertLine, LiveAgent } from '../support/live-agent.ts';
import { AT_FDCWD, O } from '../support/live-numbers.ts';
import { stockRules } from '../support/stock-rules.ts';

const READ = 'Read sensitive file untrusted';
const SHADOW = '/etc/shadow';
const folder = makeDirectory();
const directory = folder.path;
let agent: LiveAgent;

before(async () => {
  agent = await LiveAgent.start([stockRules('falco_rules.yaml'), stockRules('falco-incubating_rules.yaml')], {
    warnings: 'accepted',
  });
});

after(async () => {
  await agent.stop();
  folder.remove();
});

let runs = 0;

/** Does the steps, and gives the one alert of that rule that comes of them. */
async function alerted(steps: readonly Step[], rule = READ): Promise<AlertLine> {
  const name = `act${++runs}`;
  await act([['@mark', name], ...steps]);
  await agent.settled();
  const [alert, ...more] = agent
    .alerts(rule)
    .filter((each) => String(each.output_fields['proc.cmdline']).includes(name));
  assert.ok(alert, `no alert of "${rule}"`);
  assert.equal(more.length, 0, 'the same event matched twice');
  return alert;
}

function read(path: string): Step {
  return ['openat', AT_FDCWD, str(path), O.RDONLY];
}

describe('A file is matched by the name it was opened by and by the name it resolves to', () => {
  test('through a symbolic link: the resolved name matches, both are in the alert', async () => {
    const link = `${directory}/innocent`;
    symlinkSync(SHADOW, link);
    const alert = await alerted([read(link)]);
    assert.equal(alert.output_fields['fd.name'], SHADOW);
    assert.equal(alert.output_fields['fd.openpath'], link);
    assert.equal(alert.output_fields['fd.realpath'], SHADOW);
    assert.ok(alert.output.endsWith(` fd.openpath=${link} fd.realpath=${SHADOW}`), alert.output);
  });
});
