// `wasprey run` with responses that the kernel carries out: the alert says what was done, the log by which means, and a module whose clauses
// say something else than its rule is found out.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ENFORCEMENT_RULE, UNMATCHED_RULE } from '../../host/agent/responses/node-enforcement.ts';
import { compileModule } from '../../host/compiler/compile.ts';
import { loadRules } from '../../host/compiler/rules/load.ts';
import { ruleSourceOf } from '../../host/compiler/rules/rule.ts';
import { directoryForTest } from '../support/directory.ts';
import { startRunAsNpm, startWasprey } from '../support/live/run-process.ts';

const rule = (name: string, condition: string): string => `
- rule: ${name}
  desc: d
  condition: evt.type = execve and evt.res = SUCCESS and ${condition}
  output: ran %proc.exepath
  priority: CRITICAL
`;

const responses = (rules: string): string => `
json_output: true
responses:
  mode: act
  hosts: true
  actions:
  - {name: stop it, match: {rules: ["${rules}"]}, do: kill_process, where: kernel}
`;

test('a program is stopped before it begins, and its alert says so, though an earlier rule takes the event', async (t) => {
  const directory = directoryForTest(t);
  const [rules, config, victim, marker] = ['rules.yaml', 'wasprey.yaml', 'victim', 'marker'].map((name) =>
    join(directory, name),
  ) as [string, string, string, string];
  copyFileSync('/bin/sh', victim);
  writeFileSync(
    rules,
    rule('Any program here', `proc.exepath startswith ${directory}/`) + rule('Victim', `proc.exepath = ${victim}`),
  );
  writeFileSync(config, `rules_files: [${rules}]\nrule_matching: first\n${responses('Victim')}`);
  await using agent = startRunAsNpm('-c', config);
  await agent.watches();
  await agent.says(
    /response stop it: kill_process in the kernel for rule 'Victim': killed before the new program begins/,
  );
  const { signal, pid } = spawnSync(victim, ['-c', `: > ${marker}`]);
  assert.equal(signal, 'SIGKILL');
  assert.throws(() => readFileSync(marker));
  const [alert] = await agent.until('its alert', () => {
    const found = agent.alerts('Victim');
    return found.length > 0 ? found : undefined;
  });
  const response = String(alert?.output_fields['wasprey.response']);
  assert.equal(response, `stop it: killed process ${pid} (${victim}): stopped before its effect`);
  await agent.until('the alert of the other rule', () => agent.alerts('Any program here')[0]);
});

test('what is enforced by a module whose rule does not match is an alert of its own', async (t) => {
  const directory = directoryForTest(t);
  const [module, config, named, meant] = ['rules.wasm', 'wasprey.yaml', 'victim-a', 'victim-b'].map((name) =>
    join(directory, name),
  ) as [string, string, string, string];
  for (const program of [named, meant]) copyFileSync('/bin/true', program);
  const text = rule('Victim', `proc.exepath = ${named}`);
  const { wasm } = await compileModule(loadRules([{ name: 'rules.yaml', text }]).rules.map(ruleSourceOf));
  writeFileSync(module, forged(wasm, named, meant));
  writeFileSync(config, `rules_files: []\nmodules: [${module}]\n${responses('Victim')}`);
  await using agent = startRunAsNpm('-c', config);
  await agent.watches();
  assert.equal(spawnSync(meant).signal, 'SIGKILL');
  const alert = await agent.until('its alert', () => agent.alerts(UNMATCHED_RULE)[0]);
  // Its pid is that of the machine, which the test does not know in a pid namespace.
  assert.match(alert.output, /process \d+ \(/);
  for (const part of [`(${meant})`, "rule 'Victim'", 'on execve', 'stopped before its effect'])
    assert.ok(alert.output.includes(part), `${part}: ${alert.output}`);
  assert.equal(agent.alerts('Victim').length, 0);
});

// Programs on control groups need CAP_NET_ADMIN, which the service of the package lacks: the kernel does not say which program it refused.
test('without CAP_NET_ADMIN what needs it is reported as not in force; opens are stopped, and connects at their end', async (t) => {
  const directory = directoryForTest(t);
  const [rules, config, secret] = ['rules.yaml', 'wasprey.yaml', 'secret'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(secret, 'secret');
  const opened = rule('Opened', `fd.name = ${secret}`).replace(
    'evt.type = execve and evt.res = SUCCESS',
    'evt.type in (open, openat, openat2)',
  );
  const connected = rule('Connected', 'fd.sport = 4444').replace(
    'evt.type = execve and evt.res = SUCCESS',
    'evt.type = connect',
  );
  writeFileSync(rules, opened + connected);
  writeFileSync(config, `rules_files: [${rules}]\n${responses('Opened", "Connected')}`);
  const launcher = ['setpriv', '--bounding-set=-all,+bpf,+perfmon,+sys_ptrace', '--inh-caps=-all', '--no-new-privs'];
  await using agent = startWasprey(['run', '-c', config], { launcher });
  await agent.watches();
  const incomplete = await agent.until('an alert of what is missing', () => agent.alerts(ENFORCEMENT_RULE)[0]);
  assert.match(
    incomplete.output,
    /in the kernel: missing are enforce_connect4, enforce_connect6, enforce_sendmsg4, enforce_sendmsg6 \(EPERM: Operation not permitted: CAP_NET_ADMIN is missing\)\. .*add it to the capabilities of the agent$/,
  );
  await agent.says(/in the kernel for rule 'Opened': (killed|refused)/);
  await agent.says(
    /in the kernel for rule 'Connected': not in force, without enforce_connect4, .*: no call is refused;/,
  );
  const { signal, stdout } = spawnSync('cat', [secret], { encoding: 'utf8' });
  assert.deepEqual({ signal, stdout }, { signal: 'SIGKILL', stdout: '' });
  // Bash opens such a path by connect(2).
  assert.equal(spawnSync('bash', ['-c', ': > /dev/udp/127.0.0.1/4444; sleep 1']).signal, 'SIGKILL');
});

/** The module with another name in the clauses that its manifest has for the kernel; its code stays. */
function forged(wasm: Uint8Array, from: string, to: string): Uint8Array {
  const bytes = Buffer.from(wasm);
  const at = bytes.indexOf(from, bytes.indexOf('"exact":'));
  assert.ok(at > 0);
  bytes.write(to, at);
  return bytes;
}
