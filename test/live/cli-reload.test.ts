// `wasprey run` with a configuration, as in a cluster: the rules come from a mounted ConfigMap, which is replaced while it runs.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROJECT } from '../../host/setup/paths.mjs';

const PATIENCE_MS = 30_000;

/** A running agent, and what it has written so far. */
class Agent {
  readonly child: ChildProcess;
  readonly alerts: { rule: string; output: string; output_fields: Record<string, unknown> }[] = [];
  said = '';

  constructor(config: string) {
    const words = ['host/setup/bootstrap.mjs', '--needs=capture', 'host/cli/main.ts', 'run', '-c', config];
    this.child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'], cwd: PROJECT });
    const { stdout, stderr } = this.child;
    assert.ok(stdout && stderr);
    createInterface({ input: stdout }).on('line', (line) => this.alerts.push(JSON.parse(line)));
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.said += text;
    });
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!condition()) {
      if (performance.now() > deadline) {
        assert.fail(`${what}: did not come. It said:\n${this.said}\nalerts:\n${JSON.stringify(this.alerts)}`);
      }
      await sleep(20);
    }
  }

  says(pattern: RegExp): Promise<void> {
    return this.until(`${pattern}`, () => pattern.test(this.said));
  }

  /** Does it again and again until that rule tells of it. */
  async alert(rule: string, work: () => void): Promise<(typeof this.alerts)[number]> {
    const before = this.alerts.length;
    const found = () => this.alerts.slice(before).find((alert) => alert.rule === rule);
    await this.until(`an alert of ${rule}`, () => {
      work();
      return found() !== undefined;
    });
    return found() ?? assert.fail();
  }
}

test('a ConfigMap that changes: other rules without a restart; with a mistake in it, those before stay', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-reload-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [mount, marked, config] = [join(folder, 'rules.d'), join(folder, 'marked'), join(folder, 'wasprey.yaml')];
  mkdirSync(mount);
  writeFileSync(marked, '');
  let version = 0;
  // As the kubelet does it.
  const publish = (text: string): void => {
    const data = `..data_${++version}`;
    mkdirSync(join(mount, data));
    writeFileSync(join(mount, data, 'team.yaml'), text);
    symlinkSync(data, join(mount, '..data_tmp'));
    renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
  };
  const rule = (name: string): string => `
- rule: ${name}
  desc: d
  condition: evt.type in (open, openat) and fd.name = ${marked}
  output: read %fd.name
  priority: WARNING
`;
  publish(rule('First'));
  symlinkSync('..data/team.yaml', join(mount, 'team.yaml'));
  writeFileSync(
    config,
    `rules_files: [${mount}]\njson_output: true\nstdout_output: {enabled: true}\nwebserver: {enabled: false}\n`,
  );
  const agent = new Agent(config);
  t.after(() => agent.child.kill('SIGKILL'));
  const read = (): void => void readFileSync(marked);

  const first = await agent.alert('First', read);
  assert.match(String(first.output_fields['wasprey.module']), /^sha256:[0-9a-f]{64}$/);
  publish(rule('Second'));
  const second = await agent.alert('Second', read);
  assert.match(String(second.output_fields['wasprey.module']), /^sha256:[0-9a-f]{64}$/);
  assert.notEqual(second.output_fields['wasprey.module'], first.output_fields['wasprey.module']);
  await agent.says(/the rules were replaced: 1 rule now/);

  publish(rule('Third').replace('fd.name =', 'fd.nam ='));
  const failure = await agent.alert('Wasprey internal: hot reload failure', () => {});
  assert.match(failure.output, /Critical Wasprey internal: hot reload failure: .*fd\.nam.*team\.yaml:4:/);
  await agent.alert('Second', read);
  await agent.says(/new rules were refused, the previous ones stay in use: error.*\n.*-->.*team\.yaml:4:/);
  publish(rule('Second'));
  await agent.says(/the refused change was undone: the rules and the configuration are those in use/);

  // Put right, by an editor that writes another file in the configuration's place as well: a further rule is turned off.
  publish(`${rule('Third')}${rule('Fourth')}`);
  await agent.alert('Third', read);
  writeFileSync(`${config}.new`, `${readFileSync(config, 'utf8')}rules: [{disable: {rule: Third}}]\n`);
  renameSync(`${config}.new`, config);
  await agent.alert('Fourth', read);

  // Asked for, it is done though nothing has changed.
  const replacements = (): number => agent.said.split('the rules were replaced').length - 1;
  const before = replacements();
  agent.child.kill('SIGHUP');
  await agent.until('rules that were read anew', () => replacements() > before);
  await agent.alert('Fourth', read);
  agent.child.kill('SIGINT');
  await agent.says(/Watched for/);
  assert.equal(agent.alerts.filter(({ rule }) => rule.includes('hot reload')).length, 1);
});

test('a configuration that changes: what can be is applied at once, the rest is told; with a mistake in it, nothing', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-reload-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [rules, marked, config] = [join(folder, 'rules.yaml'), join(folder, 'marked'), join(folder, 'wasprey.yaml')];
  writeFileSync(marked, '');
  writeFileSync(
    rules,
    `
- rule: Marked
  desc: d
  condition: evt.type in (open, openat) and fd.name = ${marked}
  output: read %fd.name
  priority: WARNING
`,
  );
  const alerts = join(folder, 'alerts');
  const write = (text: string): void => writeFileSync(config, `rules_files: [${rules}]\njson_output: true\n${text}`);
  write('static_fields: {site: a}\n');
  const agent = new Agent(config);
  t.after(() => agent.child.kill('SIGKILL'));
  const read = (): void => void readFileSync(marked);
  assert.equal((await agent.alert('Marked', read)).output_fields['static.site'], undefined);

  write('static_fields: {site: b}\nappend_output: [{extra_fields: [static.site]}]\nwebserver: {listen_port: 9999}\n');
  await agent.says(/webserver\.listen_port: 8765 -> 9999 \(.*wasprey\.yaml:5\): applies from the next start\n/);
  await agent.says(/the rules were replaced/);
  assert.equal((await agent.alert('Marked', read)).output_fields['static.site'], 'b');

  write('prioritie: error\n');
  await agent.alert('Wasprey internal: hot reload failure', () => {});
  await agent.says(
    /the changed configuration was refused, the previous one stays in use: .*unknown key prioritie\n +--> .*wasprey\.yaml:3:1\n/,
  );
  await agent.alert('Marked', read);
  write('append_output: [{extra_output: "pid %proc.pid"}]\n');
  await agent.until('another output', () => {
    read();
    return /read \S+ pid \d+$/.test(agent.alerts.at(-1)?.output ?? '');
  });
  // Other outputs: text in a file, and later nothing but that.
  const file = `file_output: {enabled: true, filename: ${alerts}}\n`;
  write(file);
  await agent.says(/file_output\.enabled: false -> true \(.*\): applies now/);
  const written = (): string => (existsSync(alerts) ? readFileSync(alerts, 'utf8') : '');
  await agent.until('an alert in the file', () => {
    read();
    return written().startsWith('{"hostname"');
  });
  writeFileSync(config, `rules_files: [${rules}]\nstdout_output: {enabled: false}\n${file}`);
  await agent.until('a line of text in the file', () => {
    read();
    return / Warning read \S+marked\n$/.test(written());
  });
  const before = agent.alerts.length;
  await agent.until('further alerts', () => {
    read();
    return written().split(' Warning ').length > 4;
  });
  assert.equal(agent.alerts.length, before);
  agent.child.kill('SIGINT');
  await agent.says(/Watched for/);
  assert.equal(agent.said.match(/was refused|were refused/g)?.length, 1, 'told once');
});

test('what is to be known of rules that are used is told at the start and of each that takes over', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'wasprey-reload-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [rules, module, config] = ['rules.yaml', 'module.wasm', 'wasprey.yaml'].map((name) => join(folder, name));
  assert.ok(rules && module && config);
  const write = (name: string): void =>
    writeFileSync(
      rules,
      `
- rule: ${name}
  desc: without a type of event, which is warned of
  condition: fd.name = ${folder}/never
  output: read
  priority: WARNING
`,
    );
  const wasprey = (...words: string[]): void => {
    const { status, stderr } = spawnSync(process.execPath, ['host/setup/bootstrap.mjs', 'host/cli/main.ts', ...words], {
      cwd: PROJECT,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
  };
  wasprey('keygen', join(folder, 'team'));
  write(`First of ${folder}`);
  wasprey('compile', rules, '-o', module);
  writeFileSync(
    config,
    JSON.stringify({
      rules_files: [rules],
      modules: [module],
      module_signatures: { policy: 'warn', trusted_keys: [join(folder, 'team.pub')] },
      webserver: { enabled: false },
    }),
  );
  const agent = new Agent(config);
  t.after(() => agent.child.kill('SIGKILL'));
  const unsigned = new RegExp(`^wasprey: ${module} is not signed \\[SIGNATURE_MISSING\\]$`, 'gm');
  const warnings = /^wasprey: \d+ warnings? of the rules: `wasprey validate` shows/gm;
  const told = (pattern: RegExp): number => agent.said.match(pattern)?.length ?? 0;
  await agent.says(/watching by/);
  assert.deepEqual([told(unsigned), told(warnings)], [1, 1], agent.said);

  write(`Second of ${folder}`);
  wasprey('compile', rules, '-o', module);
  await agent.until('both told anew', () => told(unsigned) > 1 && told(warnings) > 1);
  await agent.says(/the rules were replaced/);
  agent.child.kill('SIGINT');
  await agent.says(/Watched for/);
});
