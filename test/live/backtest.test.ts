// Rules tried on the past, on this kernel: what a backtest counts on a recording is what an agent alerted of at the same time, over the
// actions of all rules. Only what the actions' processes do is compared: nothing of that may be lost, however busy the machine is.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { triedRules } from '../../host/agent/rules/tried-modules.ts';
import { loadRules } from '../../host/compiler/rules/load.ts';
import { loadCompiledRules } from '../../host/daemon/rules/compile.ts';
import { OWN_RULES, readRuleFiles } from '../../host/daemon/rules/rule-files.ts';
import type { EventRecord } from '../../host/fields/record.ts';
import { evaluateHistory } from '../../host/journal/backtest/evaluate.ts';
import { Origins } from '../../host/journal/backtest/origin.ts';
import { laneRules } from '../../host/journal/backtest/tried-rules.ts';
import { History } from '../../host/journal/event-views.ts';
import { findHistory } from '../../host/journal/history.ts';
import { wasprey } from '../support/command-line.ts';
import { directoryForTests } from '../support/directory.ts';
import { falcoFile, missingFalco } from '../support/falco-data.ts';
import { type RunAlert, startRun, startWasprey } from '../support/live/run-process.ts';
import { STOCK_FILES } from '../support/stock-rules.ts';

const folder = directoryForTests();
/** What the actions, and whatever else this machine does meanwhile, must fit into while a reader waits for a processor. */
const RING_MB = 128;
const PATIENCE_MS = 600_000;
/** What distinguishes alerts of a rule. */
const FIELDS = ['proc.vpid', 'proc.name', 'evt.type'];
/**
 * The process itself and its ancestors, by whose marks those of the actions are known: the deepest of them is eight below the command. Numbers of
 * processes are others here where this runs in a pid namespace.
 */
const LINEAGE = Array.from({ length: 16 }, (_, level) => `proc.acmdline[${level}]`);

let count = 0;
const configuration = join(folder, 'falco.yaml');
before(() => {
  const settings = {
    ...{ json_output: true, append_output: [{ extra_fields: [...FIELDS, ...LINEAGE] }], rule_matching: 'all' },
    engine: { kind: 'modern_ebpf', wasprey: { ring_memory_mb: RING_MB } },
  };
  // JSON is YAML.
  writeFileSync(configuration, JSON.stringify(settings));
});

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
    // A wait that blocks would leave the alerts unread, and those that do not fit into the pipe would be lost.
    const actions = `--title=actions-${process.pid}-${++count}`;
    await using acting = startWasprey(['generate'], { nodeOptions: [actions] });
    assert.equal(await acting.ended, 0, acting.stdout());
    // A stop waits for what came before, but not as long as a busy machine may take: both have to come to an event after all others.
    const marker = `/nonexistent/last-${process.pid}-${count}`;
    spawnSync('cat', ['/etc/shadow', marker]);
    await running.until('the last alert', () => running.alerts().some(isAlertOf(marker)), PATIENCE_MS);
    await capturing.until('the last event', () => hasEventOf(recording, marker), PATIENCE_MS);
    for (const run of [capturing, running]) run.kill('SIGINT');
    assert.equal(await capturing.ended, 0, capturing.stderr());
    assert.equal(await running.ended, 0, running.stderr());
    for (const run of [capturing, running]) assert.doesNotMatch(run.stderr(), LOSS);
    const alerts = running
      .alerts()
      .filter(isAlertOf(actions))
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
          if (!isOf(record, actions)) return;
          matches.push(
            [rule.name, record.image?.number('vpid'), match.origin.program, record.passedView.type.name].join(' '),
          );
        },
      },
    ]);
    assert.deepEqual([report.damage, [...report.setAside], report.lost, report.leftOut], [[], [], 0, 0]);
    assert.ok(alerts.length > 20, `${alerts.length} alerts`);
    assert.deepEqual(without(matches, alerts), [], `only tried, and live ${alerts.join(', ')}`);
    assert.deepEqual(without(alerts, matches), [], `only live, and tried ${matches.join(', ')}`);
  });
}

/** What either of them says at its end of events, processes or alerts that it does not have. */
const LOSS =
  /[1-9][\d,]* ((events?|records? of processes) lost|dropped|lost|missed|left out|were invalid)|alerts? not written|held back/;

/** Of these, what those do not have as often. */
function without(these: readonly string[], those: readonly string[]): string[] {
  const left = [...those];
  return these.filter((each) => {
    const at = left.indexOf(each);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/** Whether an alert is of the process with that mark in its command line, or one below it. */
function isAlertOf(mark: string): (alert: RunAlert) => boolean {
  return ({ source, output_fields: fields }) =>
    source === 'syscall' && LINEAGE.some((field) => String(fields[field]).includes(mark));
}

/** Whether a recording, which is still written, has an event of that process. */
function hasEventOf(path: string, mark: string): boolean {
  using history = new History(path);
  for (const item of history.items({ types: new Set(['openat']) })) {
    if (item.kind === 'event' && isOf(item.record, mark)) return true;
  }
  return false;
}

/** Whether it is that process or one below it. */
function isOf({ image }: EventRecord, mark: string): boolean {
  if (!image) return false;
  return [image, ...image.ancestors()]
    .slice(0, LINEAGE.length)
    .some((one) => Buffer.from(one.bytes('cmdline') ?? []).includes(mark));
}
