// Rule files that ask for more than there is: refused by name, within the limits, and the process that asks goes on.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RuleFile } from '../../../host/compiler/rules/load.ts';
import { type CompileLimits, compileBounded } from '../../../host/daemon/rules/bounded-compile.ts';
import { CommandFailure } from '../../../host/diagnostics/failure.ts';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { withoutDescriptors } from '../../support/no-descriptors.ts';
import { until } from '../../support/until.ts';

const PATIENCE_MS = 20_000;
const FINE = {
  name: 'fine.yaml',
  text: '- macro: fine\n  condition: evt.type = openat\n- rule: Fine\n  desc: d\n  condition: fine\n  output: o\n  priority: INFO\n',
};

function rule(name: string, condition: string): string {
  return `- rule: ${name}\n  desc: d\n  condition: ${condition}\n  output: o\n  priority: INFO\n`;
}

/** Each step twice the one before. */
function doubling(steps: number, first: string, step: (number: number) => string): string {
  return [first, ...Array.from({ length: steps }, (_, index) => step(index + 1))].join('');
}

/** What is wrong, with what was reported before. */
async function refusal(files: readonly RuleFile[], limits?: CompileLimits): Promise<string> {
  const said: string[] = [];
  const job = { files, selection: { selections: [] }, color: false, leavesOut: false };
  const { module } = compileBounded(job, { say: (text) => said.push(text), ...(limits && { limits }) });
  const error = await module.then(
    () => assert.fail('the rules were compiled'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof CommandFailure, String(error));
  return `${said.join('')}${error.message}`;
}

const EXPLODING: Readonly<Record<string, string>> = {
  macros: doubling(
    40,
    '- macro: m0\n  condition: (proc.name = a or proc.name = b)\n',
    (number) => `- macro: m${number}\n  condition: (m${number - 1} or not m${number - 1})\n`,
  ),
  // js-yaml resolves an alias to the same value each time: what walks through it meets it anew.
  anchors: `- list: a\n${doubling(
    40,
    '  zero: &x0 [a, a]\n',
    (number) => `  step${number}: &x${number} [*x${number - 1}, *x${number - 1}]\n`,
  )}  items: *x40\n`,
  lists: `- list: l\n  items: [${Array.from({ length: 200_000 }, (_, item) => `/path/of/item/${item}`).join(', ')}]\n${rule('R', 'evt.type = openat and fd.name in (l)')}`,
  parentheses: rule('R', `evt.type = openat and ${'('.repeat(100_000)}proc.name = a${')'.repeat(100_000)}`),
  brackets: '['.repeat(100_000),
};

test('a compiler that there is no descriptor for is refused, and the process that asks goes on', async () => {
  // What is loaded when it is first needed needs descriptors, too.
  await compileBounded(
    { files: [FINE], selection: { selections: [] }, color: false, leavesOut: false },
    { say: () => {} },
  ).module;
  await withoutDescriptors(async () => {
    assert.match(await refusal([FINE]), /the compiler could not be started: .*EMFILE/);
  });
});

for (const [what, text] of Object.entries(EXPLODING)) {
  test(`${what} that explode are refused by the file's name`, async () => {
    assert.match(await refusal([FINE, { name: `${what}.yaml`, text }]), new RegExp(`${what}\\.yaml`));
  });
}

/** Small rules, far too many of them. */
const MANY = Array.from({ length: 50_000 }, (_, number) =>
  rule(`R${number}`, `evt.type = openat and proc.name = n${number}`),
).join('');

test('memory is bounded, and the file that takes it is named', async () => {
  const message = await refusal([FINE, { name: 'many.yaml', text: MANY }], { milliseconds: 300_000, megabytes: 250 });
  assert.match(message, /^many\.yaml took more than (250 MB of memory|the memory there is, or than 250 MB)$/);
});

test('time is bounded, and what takes it is named', async () => {
  const text = Array.from({ length: 5_000 }, (_, number) =>
    rule(`R${number}`, `evt.type = openat and proc.name = n${number} and fd.name glob /a/*${number}*/?b*/*`),
  ).join('');
  const message = await refusal([{ name: 'slow.yaml', text }], { milliseconds: 1_500, megabytes: 4_000 });
  assert.match(
    message,
    /slow\.yaml took more than 1\.5 s of CPU time$|^reading the rules took more than 1\.5 s of CPU time$/,
  );
});

test('who is left alone with rules that take long ends', async () => {
  const script = `
    import { readFileSync } from 'node:fs';
    import { compileBounded } from ${JSON.stringify(join(PROJECT, 'host/daemon/rules/bounded-compile.ts'))};
    const job = { files: [{ name: 'many.yaml', text: readFileSync(0, 'utf8') }], selection: { selections: [] }, color: false, leavesOut: false };
    compileBounded(job, { say: () => {}, limits: { milliseconds: 300_000, megabytes: 8_000 } });
    setInterval(() => {}, 1000);`;
  const agent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  agent.stdin.end(MANY);
  let compiler: number | undefined;
  await until(() => {
    const children = readFileSync(`/proc/${agent.pid}/task/${agent.pid}/children`, 'utf8').trim();
    compiler = children === '' ? undefined : Number(children);
    return compiler !== undefined && secondsOf(compiler) > 1;
  }, PATIENCE_MS);
  agent.kill('SIGKILL');
  await until(() => hasEnded(compiler), PATIENCE_MS);
});

/** It may stay as a zombie where the first process reaps none. */
function hasEnded(pid: number | undefined): boolean {
  return !existsSync(`/proc/${pid}`) || /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

/** CPU time of a process. */
function secondsOf(pid: number): number {
  const [, , , , , , , , , , , user = '0'] = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return Number(user) / 100;
}

test('rules that are fine come as a module', async () => {
  const job = { files: [FINE], selection: { selections: [] }, color: false, leavesOut: false };
  const { loaded, module } = compileBounded(job, { say: (text) => assert.fail(text), inBackground: true });
  assert.equal(await loaded, 1);
  const { wasm, warnings } = await module;
  assert.ok(WebAssembly.validate(wasm));
  assert.equal(warnings, 0);
});

test('told to leave out what is invalid, it compiles the rest, and returns the errors', async () => {
  const invalid = { name: 'invalid.yaml', text: rule('R', 'no.such = 1') + rule('S', 'evt.type = open') };
  const said: string[] = [];
  const job = { files: [FINE, invalid], selection: { selections: [] }, color: false, leavesOut: true };
  const { loaded, module } = compileBounded(job, { say: (text) => said.push(text) });
  assert.equal(await loaded, 2);
  const { leftOut } = await module;
  assert.equal(leftOut.length, 1);
  assert.match(leftOut[0] ?? '', /no\.such.* \(invalid\.yaml:3:/);
  assert.match(said.join(''), /--> invalid\.yaml:3:/);
});

test('a rule that makes all of them too large is left out', async () => {
  const values = Array.from({ length: 5_000 }, (_, index) => `fd.name = /some/long/path/of/a/file/${index}`);
  const large = { name: 'large.yaml', text: rule('Large', `evt.type = openat and (${values.join(' or ')})`) };
  const job = { selection: { selections: [] }, color: false };
  const { leftOut } = await compileBounded({ ...job, files: [FINE, large], leavesOut: true }, { say: () => {} }).module;
  assert.match(leftOut.join(), /^the rules are too large: .* \(rule Large, large\.yaml:1\)$/);
  const refused = compileBounded({ ...job, files: [FINE, large], leavesOut: false }, { say: () => {} });
  await assert.rejects(refused.module, /the rules were not compiled/);
});

test('a file that exceeds the limits is named as the culprit', async () => {
  const exploding = { name: 'exploding.yaml', text: MANY };
  const job = { files: [FINE, exploding], selection: { selections: [] }, color: false, leavesOut: true };
  const limits = { milliseconds: 3_000, megabytes: 250 };
  const { module, culprit } = compileBounded(job, { say: () => {}, limits });
  await assert.rejects(module, CommandFailure);
  assert.equal(culprit(), 'exploding.yaml');
});
