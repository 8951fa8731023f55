// Captures that Falco wrote: a replay raises the alerts that Falco raised, which are written down beside them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import type { RuleMatching } from '../../../host/engine/messages/protocol.ts';
import { describeWithFalco, findFalcoCapture } from '../../support/falco-data.ts';
import { replayRecording } from '../../support/records/recordings.ts';
import { stockModule } from '../../support/stock-rules.ts';

process.env.TZ = 'UTC';
const CAPTURES = ['rec_basic.scap', 'rec_actions.scap', 'rec_container.scap'];
const FILES = ['falco_rules.yaml', 'falco-incubating_rules.yaml', 'falco-sandbox_rules.yaml'] as const;
const NOTES = findFalcoCapture('README.md');

interface Expected {
  readonly time: string;
  readonly priority: string;
  readonly rule: string;
  readonly process: string;
  readonly parent: string;
}

/** The tables of alerts, by file. */
function expectedAlerts(text: string): Map<string, Expected[]> {
  const byFile = new Map<string, Expected[]>();
  let file = '';
  for (const line of text.split('\n')) {
    const [, heading] = /^## (\S+\.scap)$/.exec(line) ?? [];
    if (heading !== undefined) {
      file = heading;
      byFile.set(file, []);
    }
    const [, time, priority = '', rule = '', process = '', parent = ''] =
      /^\| (\d\d:\d\d:\d\d\.\d{9}) \| ([^|]+) \| ([^|]+) \| (\S+) \([^|]* \| ([^|]+) \|/.exec(line) ?? [];
    if (time !== undefined) byFile.get(file)?.push({ time, priority, rule, process, parent });
  }
  return byFile;
}

describeWithFalco(FILES, () => {
  if (NOTES === undefined) {
    test('captures of Falco', { skip: "needs Falco's captures: scap/ in the folder of FALCO_DATA" });
    return;
  }
  const expected = expectedAlerts(readFileSync(NOTES, 'utf8'));
  describe('captures of Falco', () => {
    let module: RuleModule;
    before(async () => {
      module = await stockModule(FILES);
    });
    for (const name of CAPTURES) {
      for (const matching of ['first', 'all'] satisfies RuleMatching[]) {
        test(`${name}, rule matching ${matching}`, async () => {
          const path = findFalcoCapture(name);
          assert.ok(path !== undefined);
          const { json, report, malformed } = await replayRecording(path, module, matching);
          assert.deepEqual(json.map(alertOf).sort(byTime), expected.get(name));
          assert.deepEqual(report.damage, []);
          assert.equal(malformed, 0);
          assert.ok(report.events > 200);
        });
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
