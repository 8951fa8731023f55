// Captures that Falco wrote: a replay raises the alerts that Falco raised (test/conformance/corpus/README.md).

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import type { RuleMatching } from '../../../host/engine/messages/protocol.ts';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { describeWithFalco } from '../../support/falco-data.ts';
import { moduleOf } from '../../support/records/built-agent.ts';
import { replayRecording } from '../../support/records/recordings.ts';
import { stockModule } from '../../support/stock-rules.ts';

process.env.TZ = 'UTC';
const CAPTURES = join(PROJECT, 'test/conformance/corpus/scap');
const FILES = ['falco_rules.yaml', 'falco-incubating_rules.yaml', 'falco-sandbox_rules.yaml'] as const;

interface Expected {
  readonly time: string;
  readonly priority: string;
  readonly rule: string;
  readonly process: string;
  readonly parent: string;
}

/** Falco's alerts by its stock rules, of each capture. */
const expected: Readonly<Record<string, readonly Expected[]>> = JSON.parse(
  readFileSync(join(CAPTURES, 'expected.json'), 'utf8'),
);

async function assertAlerts(name: string, wanted: readonly Expected[], ...by: [RuleModule, RuleMatching]) {
  const { json, report, malformed } = await replayRecording(join(CAPTURES, name), ...by);
  assert.deepEqual(json.map(alertOf).sort(byTime), wanted);
  assert.deepEqual(report.damage, []);
  assert.equal(malformed, 0);
  assert.ok(report.events > 200);
}

test('captures of Falco, by a rule of ours', async () => {
  const rule = 'Read sensitive file untrusted';
  const module = await moduleOf(
    `- rule: ${rule}\n  desc: d\n  condition: evt.type in (open, openat) and fd.name = /etc/shadow and fd.num >= 0 and proc.name = cat\n` +
      '  output: "%proc.name %proc.pname %evt.time"\n  priority: WARNING\n',
  );
  for (const [name, alerts] of Object.entries(expected)) {
    await assertAlerts(
      name,
      alerts.filter((alert) => alert.rule === rule),
      module,
      'all',
    );
  }
});

describeWithFalco(FILES, () => {
  describe("captures of Falco, by Falco's rules", () => {
    let module: RuleModule;
    before(async () => {
      module = await stockModule(FILES);
    });
    for (const [name, alerts] of Object.entries(expected)) {
      for (const matching of ['first', 'all'] satisfies RuleMatching[]) {
        test(`${name}, rule matching ${matching}`, () => assertAlerts(name, alerts, module, matching));
      }
    }
  });
});

/** An alert may wait for its container. */
function byTime(one: Expected, other: Expected): number {
  return one.time.localeCompare(other.time);
}

function alertOf(line: string): Expected {
  const alert = JSON.parse(line);
  const { 'proc.name': process, 'proc.pname': parent, 'evt.time': time } = alert.output_fields;
  const seconds = new Date(Math.floor(Number(time) / 1e6)).toISOString().slice(11, 19);
  return {
    time: `${seconds}.${String(BigInt(fraction(line)) % 1_000_000_000n).padStart(9, '0')}`,
    priority: alert.priority,
    rule: alert.rule,
    process,
    parent,
  };
}

/** `evt.time` is larger than a number of JavaScript. */
function fraction(line: string): string {
  return /"evt\.time": ?(\d+)/.exec(line)?.[1] ?? '0';
}
