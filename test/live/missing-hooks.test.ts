// An agent on a kernel that lacks hooks, or refuses BPF programs: nothing of that is silent, and the rest works.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { wasprey } from '../support/command-line.ts';
import {
  type Lacking,
  lackingKernel,
  NO_IO_URING,
  NO_REQUESTS,
  withoutIoUringSymbols,
} from '../support/live/live-lacking.ts';
import { type RunAlert, type RunProcess, startWasprey } from '../support/live/run-process.ts';
import { freePort } from '../support/servers/free-port.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasprey-missing-'));
const marked = join(folder, 'marked');
const socket = join(folder, 'run', 'control.sock');
const ALERT = 'Wasprey internal: hooks missing';
/** A tampering is looked for every second, and a call must be missed twice. */
const TAMPER_WAIT_MS = 5000;

const rule = (name: string, condition: string): string => `
- rule: ${name}
  desc: d
  condition: ${condition}
  output: "did %evt.type"
  priority: WARNING
`;
const OPENS = rule('Marked file', `evt.type in (open, openat) and fd.name startswith ${marked}`);
const RENAMES = rule('Marked file renamed', `evt.type in (rename, renameat2) and fs.path.source startswith ${marked}`);
const KILLS = rule('Signal', 'evt.type = kill and proc.name = missing-nobody');

after(() => rmSync(folder, { recursive: true }));

let files = 0;
function rulesFile(text: string): string {
  const path = join(folder, `rules${++files}.yaml`);
  writeFileSync(path, text);
  return path;
}

interface WatchedRun {
  readonly run: RunProcess;
  /** Of the web server. */
  ask(path: string): Promise<{ readonly status: number; readonly body: string }>;
  /** Alerts of that rule so far. */
  alerts(name: string): readonly RunAlert[];
}

/** Resolves when it watches. */
function watching(lacking: Lacking, rules: string, ...words: string[]): Promise<WatchedRun> {
  return watchingBy(lackingKernel(lacking), rules, ...words);
}

async function watchingBy(launcher: readonly string[], rules: string, ...words: string[]): Promise<WatchedRun> {
  const port = await freePort();
  const options = [
    ...['-o', 'control.enabled=true', '-o', `control.socket=${socket}`],
    ...['-o', 'webserver.enabled=true', '-o', `webserver.listen_port=${port}`, '-o', 'metrics.enabled=true'],
    ...['-o', 'webserver.prometheus_metrics_enabled=true'],
  ];
  const run = startWasprey(['run', rules, '--json', ...options, ...words], { launcher });
  await run.watches();
  return {
    run,
    async ask(path) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      return { status: response.status, body: await response.text() };
    },
    alerts: (name) => run.alerts(name),
  };
}

function status(...words: string[]): { readonly code: number | null; readonly text: string } {
  const { status: code, stdout } = wasprey('status', '-s', socket, ...words);
  return { code, text: stdout };
}

describe('without the tracepoint of io_uring', () => {
  test('the log, an alert, /readyz, /metrics and status say so, and calls are seen', async () => {
    const { run, ask, alerts } = await watching(NO_REQUESTS, rulesFile(OPENS + KILLS));
    await using _ = run;
    assert.match(
      run.stderr(),
      /^wasprey: the kernel has no tracepoint io_uring_submit_req\b.* for the program on_request: not all io_uring requests for .*openat.* are captured$/m,
    );
    assert.match(
      run.stderr(),
      /^wasprey: these rules are blind to some events: "Marked file"; `wasprey doctor` reports/m,
    );
    const [alert] = await run.until('the alert', () => (alerts(ALERT).length > 0 ? alerts(ALERT) : undefined));
    assert.match(alert?.output ?? '', /Critical .*the kernel has no tracepoint io_uring_submit_req/);
    assert.equal(alert?.output_fields.programs, 'on_request');
    assert.equal(alert?.output_fields.rules, 'Marked file');

    const ready = await ask('/readyz');
    assert.equal(ready.status, 503);
    assert.match(
      ready.body,
      /1 of the rules are blind to some events: the kernel has no tracepoint io_uring_submit_req/,
    );
    for (const path of ['/healthz', '/startupz'])
      assert.equal((await ask(path)).status, 200, 'a new start would change nothing');
    const metrics = (await ask('/metrics')).body;
    assert.match(
      metrics,
      /^wasprey_missing_hooks\{hook="io_uring_submit_req[^"]*",program="on_request",reason="tracepoint-missing",blinds="yes"\} 1$/m,
    );
    assert.match(metrics, /^wasprey_blind_rules 1$/m);

    const { code, text } = status();
    assert.equal(code, 1);
    assert.match(text, /\nTrouble\n {2}1 rule can't see all its events: the kernel lacks hooks\n/);
    assert.match(text, /\nNot in this kernel\n {2}on_request +the kernel has no tracepoint io_uring_submit_req/);
    const { hooks } = JSON.parse(status('--json').text);
    assert.deepEqual(
      [hooks.missing.length, hooks.missing[0].reason, hooks.blindRules],
      [1, 'tracepoint-missing', ['Marked file']],
    );

    spawnSync('cat', [marked]);
    await run.until('the call is seen', () => alerts('Marked file').length > 0 || undefined);
    assert.equal(alerts(ALERT).length, 1);
  });

  test('where the configuration allows it the agent is ready, and the rest says so all the same', async () => {
    const allowed = ['-o', 'engine.wasprey.missing_hooks=allow'];
    const { run, ask, alerts } = await watching(NO_REQUESTS, rulesFile(OPENS), ...allowed);
    await using _ = run;
    assert.equal((await ask('/readyz')).status, 200);
    assert.match(run.stderr(), /the kernel has no tracepoint io_uring_submit_req/);
    assert.match((await ask('/metrics')).body, /^wasprey_blind_rules 1$/m);
    const { code, text } = status();
    assert.equal(code, 0);
    assert.match(
      text,
      /\nNot in this kernel\n {2}on_request +the kernel has no .*\n {2}accepted +1 rule can't see all its events\n/,
    );
    spawnSync('cat', [marked]);
    await run.until('the call is seen', () => alerts('Marked file').length > 0 || undefined);
    assert.deepEqual(alerts(ALERT), []);
  });
});

describe('without io_uring', () => {
  test('there is nothing to see, and nothing wrong', async () => {
    const launcher = [...withoutIoUringSymbols(folder), ...lackingKernel(NO_IO_URING)];
    const { run, ask, alerts } = await watchingBy(launcher, rulesFile(OPENS));
    await using _ = run;
    assert.match(
      run.stderr(),
      /^wasprey: the program on_request is not attached, because the kernel was built without io_uring: nothing is missed$/m,
    );
    assert.equal((await ask('/readyz')).status, 200);
    const metrics = (await ask('/metrics')).body;
    assert.equal(metrics.match(/^wasprey_missing_hooks\{.*reason="no-io-uring",blinds="no"\} 1$/gm)?.length, 3);
    assert.match(metrics, /^wasprey_blind_rules 0$/m);
    const { code, text } = status();
    assert.equal(code, 0);
    assert.match(text, /\nNot in this kernel\n {2}on_request +the program on_request is not attached, because/);
    spawnSync('cat', [marked]);
    await run.until('the call is seen', () => alerts('Marked file').length > 0 || undefined);
    assert.deepEqual(alerts(ALERT), []);
  });

  test('a system call that a profile refuses is not taken for a kernel without it', async () => {
    const { run, ask } = await watching(NO_IO_URING, rulesFile(OPENS));
    await using _ = run;
    assert.doesNotMatch(run.stderr(), /built without io_uring/);
    assert.equal((await ask('/readyz')).status, 503);
  });
});

describe('where the kernel refuses a program', () => {
  test('without the one of connections, the fields and rules that miss their peers are named', async () => {
    const connects = rule('Connection', 'evt.type = connect and fd.sport = 1');
    const { run, alerts } = await watching({ programs: ['on_connecting'] }, rulesFile(connects + KILLS));
    await using _ = run;
    assert.match(
      run.stderr(),
      /the kernel refuses the program on_connecting .*: the peer of connect \(fd\.name, .*\) is not captured if/,
    );
    const [alert] = await run.until('the alert', () => (alerts(ALERT).length > 0 ? alerts(ALERT) : undefined));
    assert.equal(alert?.output_fields.rules, 'Connection');
  });

  test('rules that do not need it are not concerned; rules that are loaded later are', async () => {
    const rules = rulesFile(OPENS);
    const { run, ask, alerts } = await watching({ programs: ['on_paths'] }, rules, '--watch');
    await using _ = run;
    assert.equal((await ask('/readyz')).status, 200, run.stderr());
    assert.deepEqual(JSON.parse(status('--json').text).hooks.missing, [], 'it was not needed so far');

    writeFileSync(rules, OPENS + RENAMES);
    await run.until('the alert', () => alerts(ALERT).length > 0 || undefined);
    assert.match(
      run.stderr(),
      /the kernel refuses the program on_paths \(EINVAL: Invalid argument: invalid func bpf_lacking#999\): calls of rename, .* are not captured/,
    );
    assert.equal((await ask('/readyz')).status, 503);
    assert.match((await ask('/metrics')).body, /program="on_paths",reason="program-refused",blinds="yes"\} 1$/m);

    // Calls that the agent makes to see that they come are not those that can't come.
    writeFileSync(marked, '');
    await sleep(TAMPER_WAIT_MS);
    renameSync(marked, `${marked}2`);
    const marks = alerts('Marked file').length;
    spawnSync('cat', [`${marked}2`]);
    await run.until('opens are seen', () => alerts('Marked file').length > marks || undefined);
    assert.doesNotMatch(run.stdout(), /tampered/);
    assert.deepEqual(alerts('Marked file renamed'), []);

    writeFileSync(rules, OPENS);
    await run.until('the rules before are back', () => /replaced: 1 rule in use/.test(run.stderr()) || undefined);
    assert.equal((await ask('/readyz')).status, 200, 'no rule in use is blind');
    assert.equal(status().code, 0);
  });

  test('one that the capture can not do without ends the start, with the verdict of the verifier', async () => {
    const run = startWasprey(['run', rulesFile(OPENS)], { launcher: lackingKernel({ programs: ['on_call'] }) });
    await using _ = run;
    assert.equal(await run.ended, 1);
    assert.match(
      run.stderr(),
      /^wasprey: the capture could not start: This kernel refuses the BPF program on_call, which the capture needs: invalid func bpf_lacking#999\. `wasprey doctor` checks all programs\. \[CAPTURE_LOAD\]$/m,
    );
    assert.doesNotMatch(run.stderr(), /^\s+at /m, 'a stack trace');
  });
});
