// Rules tried on the past, on this kernel: what a backtest counts on a recording is what an agent alerted of at the same time, over the
// actions of all rules.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { triedRules } from '../../host/agent/rules/tried-rules.ts';
import { loadRules } from '../../host/compiler/rules/load.ts';
import { loadCompiledRules } from '../../host/daemon/rules/compile.ts';
import { OWN_RULES, readRuleFiles } from '../../host/daemon/rules/rule-files.ts';
import type { EventRecord } from '../../host/fields/record.ts';
import { evaluateHistory } from '../../host/journal/backtest/evaluate.ts';
import { Origins } from '../../host/journal/backtest/origin.ts';
import { laneRules } from '../../host/journal/backtest/tried-rules.ts';
import { findHistory } from '../../host/journal/history.ts';
import { PROJECT } from '../../host/setup/paths.mjs';
import { directoryForTests } from '../support/directory.ts';
import { falcoFile, missingFalco } from '../support/falco-data.ts';
import { type RunProcess, startRun, startWasprey } from '../support/live/run-process.ts';
import { STOCK_FILES } from '../support/stock-rules.ts';

const MAIN = join(PROJECT, 'host/cli/main.ts');
const folder = directoryForTests();
/** What the actions, and whatever else this machine does meanwhile, must fit into while a reader waits for a processor. */
const RING_MB = 128;
/** What distinguishes alerts of a rule. */
const FIELDS = ['proc.vpid', 'proc.name', 'evt.type'];

const configuration = join(folder, 'falco.yaml');
before(() => {
  const settings = {
    ...{ json_output: true, append_output: [{ extra_fields: FIELDS }], rule_matching: 'all' },
    engine: { kind: 'modern_ebpf', wasprey: { ring_memory_mb: RING_MB } },
  };
  // JSON is YAML.
  writeFileSync(configuration, JSON.stringify(settings));
});

function wasprey(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [MAIN, ...words], { encoding: 'utf8', maxBuffer: 64 << 20 });
}

/** The rules that those files disable, enabled. */
function enabling(files: readonly string[]): string {
  const path = join(folder, 'enable.yaml');
  const { rules } = loadRules(readRuleFiles(files));
  const disabled = rules.filter(({ enabled }) => !enabled).map(({ name }) => name);
  writeFileSync(path, disabled.map((rule) => `- ${JSON.stringify({ rule, enabled: true })}\n`).join(''));
  return path;
}

const STOCK = [...STOCK_FILES, 'application_rules.yaml'] as const;
const RULES: readonly (readonly [name: string, skip: string | false, files: () => readonly string[]])[] = [
  ['the rules that ship', false, () => [OWN_RULES]],
  [
    "all of Falco's rules",
    missingFalco(...STOCK),
    () => {
      const files = STOCK.map(falcoFile);
      return [...files, enabling(files)];
    },
  ],
];

for (const [name, skip, files] of RULES) {
  test(`${name}: a backtest of the actions has the alerts of an agent`, { skip }, async () => {
    const compiled = join(folder, 'rules.wasm');
    const { status, stderr } = wasprey('compile', ...files(), '-o', compiled);
    assert.equal(status, 0, stderr);
    const recording = join(folder, 'actions.wsp');
    await using running = startRun('-m', compiled, '-c', configuration);
    const recorded = ['-m', compiled, '--ring-memory', `${RING_MB}`];
    await using capturing = startWasprey(['capture', '-o', recording, ...recorded]);
    await running.watches();
    await capturing.says(/recording \d+ event types/);
    await sleep(500);
    const from = BigInt(Date.now()) * 1_000_000n;
    assert.equal(wasprey('generate').status, 0);
    const to = BigInt(Date.now()) * 1_000_000n;
    await sleep(500);
    for (const run of [capturing, running]) run.kill('SIGINT');
    assert.equal(await capturing.ended, 0, capturing.stderr());
    assert.equal(await running.ended, 0, running.stderr());
    const within = (time: bigint): boolean => time >= from && time < to;
    const alerts = running
      .alerts()
      .filter(({ source, output_fields: fields }) => source === 'syscall' && within(BigInt(String(fields['evt.time']))))
      .map(({ rule, output_fields: fields }) => [rule, ...FIELDS.map((field) => String(fields[field]))].join(' '));
    const module = loadCompiledRules(compiled);
    const tried = triedRules([module], 'all');
    const matches: string[] = [];
    const origins = new Origins();
    const report = await evaluateHistory(findHistory([recording]).files, [
      {
        rules: laneRules(tried),
        onMatch(found) {
          const match = origins.of(found);
          const rule = module.rules[found.rule];
          assert.ok(match && rule);
          const { record } = match;
          if (!within(record.time) || isOf(record, running.pid)) return;
          matches.push(
            [rule.name, record.image?.number('vpid'), match.origin.program, record.passedView.type.name].join(' '),
          );
        },
      },
    ]);
    assert.deepEqual([report.damage, [...report.setAside]], [[], []]);
    assert.ok(alerts.length > 20, `${alerts.length} alerts`);
    // Where one of them did not keep up with other work on this machine, which it has to say, only the other one is known to have all.
    const [onlyTried, onlyLive] = [without(matches, alerts), without(alerts, matches)];
    if (!lost(running)) assert.deepEqual(onlyTried, [], `only tried, and live ${alerts.join(', ')}`);
    if (!lost(capturing)) assert.deepEqual(onlyLive, [], `only live, and tried ${matches.join(', ')}`);
  });
}

function lost({ stderr }: RunProcess): boolean {
  return /[1-9][\d,]* ((events?|records? of processes) lost|dropped|lost)|events that were lost|left out/.test(
    stderr(),
  );
}

/** Of these, what those do not have as often. */
function without(these: readonly string[], those: readonly string[]): string[] {
  const left = [...those];
  return these.filter((each) => {
    const at = left.indexOf(each);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/** Whether the process or one of its ancestors is the agent, which ignores those. */
function isOf({ image }: EventRecord, pid: number): boolean {
  if (!image) return false;
  return [image, ...image.ancestors()].some((one) => one.number('vpid') === pid);
}
