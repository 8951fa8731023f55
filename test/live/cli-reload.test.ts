// `wasprey run` with a configuration, as in a cluster: the rules come from a mounted ConfigMap, which is replaced while it runs.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { wasprey } from '../support/command-line.ts';
import { directoryForTest } from '../support/directory.ts';
import { startRunAsNpm } from '../support/live/run-process.ts';

test('a ConfigMap that changes: other rules without a restart; with a mistake in it, those before stay', async (t) => {
  const directory = directoryForTest(t);
  const [mount, marked, config] = [
    join(directory, 'rules.d'),
    join(directory, 'marked'),
    join(directory, 'wasprey.yaml'),
  ];
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
  await using agent = startRunAsNpm('-c', config);
  const read = (): void => void readFileSync(marked);

  const first = await agent.alert('First', read);
  assert.match(String(first.output_fields['wasprey.module']), /^sha256:[0-9a-f]{64}$/);
  publish(rule('Second'));
  const second = await agent.alert('Second', read);
  assert.match(String(second.output_fields['wasprey.module']), /^sha256:[0-9a-f]{64}$/);
  assert.notEqual(second.output_fields['wasprey.module'], first.output_fields['wasprey.module']);
  await agent.says(/the rules were replaced: 1 rule in use/);

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
  const replacements = (): number => agent.stderr().split('the rules were replaced').length - 1;
  const before = replacements();
  agent.kill('SIGHUP');
  await agent.until('rules that were read anew', () => replacements() > before);
  await agent.alert('Fourth', read);
  agent.kill('SIGINT');
  await agent.says(/Watched for/);
  assert.equal(agent.alerts('Wasprey internal: hot reload failure').length, 1);
});

test('a configuration that changes: what can be is applied at once, the rest is reported; with a mistake in it, nothing', async (t) => {
  const directory = directoryForTest(t);
  const [rules, marked, config] = [
    join(directory, 'rules.yaml'),
    join(directory, 'marked'),
    join(directory, 'wasprey.yaml'),
  ];
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
  const alerts = join(directory, 'alerts');
  const write = (text: string): void => writeFileSync(config, `rules_files: [${rules}]\njson_output: true\n${text}`);
  write('static_fields: {site: a}\n');
  await using agent = startRunAsNpm('-c', config);
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
    return /read \S+ pid \d+$/.test(agent.alerts().at(-1)?.output ?? '');
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
  const before = agent.alerts().length;
  await agent.until('further alerts', () => {
    read();
    return written().split(' Warning ').length > 4;
  });
  assert.equal(agent.alerts().length, before);
  agent.kill('SIGINT');
  await agent.says(/Watched for/);
  assert.equal(agent.stderr().match(/was refused|were refused/g)?.length, 1, 'told once');
});

test('what is to be known of rules that are used is reported at the start and of each that takes over', async (t) => {
  const directory = directoryForTest(t);
  const [rules, module, config] = ['rules.yaml', 'module.wasm', 'wasprey.yaml'].map((name) => join(directory, name));
  assert.ok(rules && module && config);
  const write = (name: string): void =>
    writeFileSync(
      rules,
      `
- rule: ${name}
  desc: without a type of event, which is warned of
  condition: fd.name = ${directory}/never
  output: read
  priority: WARNING
`,
    );
  const succeeds = (...words: string[]): void => {
    const { status, stderr } = wasprey(...words);
    assert.equal(status, 0, stderr);
  };
  succeeds('keygen', join(directory, 'team'));
  write(`First of ${directory}`);
  succeeds('compile', rules, '-o', module);
  writeFileSync(
    config,
    JSON.stringify({
      rules_files: [rules],
      modules: [module],
      module_signatures: { policy: 'warn', trusted_keys: [join(directory, 'team.pub')] },
      webserver: { enabled: false },
    }),
  );
  await using agent = startRunAsNpm('-c', config);
  const unsigned = new RegExp(`^wasprey: ${module} is not signed \\[SIGNATURE_MISSING\\]$`, 'gm');
  const warnings = /^wasprey: \d+ warnings? about the rules: `wasprey validate` shows/gm;
  const told = (pattern: RegExp): number => agent.stderr().match(pattern)?.length ?? 0;
  await agent.says(/watching by/);
  assert.deepEqual([told(unsigned), told(warnings)], [1, 1], agent.stderr());

  write(`Second of ${directory}`);
  succeeds('compile', rules, '-o', module);
  await agent.until('both told anew', () => told(unsigned) > 1 && told(warnings) > 1);
  await agent.says(/the rules were replaced/);
  agent.kill('SIGINT');
  await agent.says(/Watched for/);
});
