// A configuration that changes while an agent runs: what is applied, and what is reported about each changed key.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { RunOptions } from '../../../host/daemon/run-options.ts';
import { runSettings } from '../../../host/daemon/settings.ts';
import { SettingsUpdates } from '../../../host/daemon/settings-updates.ts';
import { openLog } from '../../../host/diagnostics/log.ts';
import { SILENT } from '../../../host/diagnostics/terminal.ts';
import { generateKeyPair } from '../../../host/signature/key.ts';

const folder = mkdtempSync(join(tmpdir(), 'wasprey-settings-'));
after(() => rmSync(folder, { recursive: true }));
const config = join(folder, 'wasprey.yaml');

async function settingsOf(text: string, options: RunOptions = {}) {
  writeFileSync(config, text);
  return runSettings({ config, ...options }, [], SILENT);
}

async function follow(before: string, changed: readonly string[], options: RunOptions = {}) {
  const settings = await settingsOf(before, options);
  const said: string[] = [];
  const replaced: string[][] = [];
  const told: string[] = [];
  const journals: string[] = [];
  const log = await openLog({ level: settings.logLevel, format: 'text', write: (text) => said.push(text) });
  const follower = new SettingsUpdates({
    settings,
    log,
    terminal: SILENT,
    onFailed: (message) => told.push(message),
    onMended: () => told.push('mended'),
    setJournal: async ({ configuration }) => {
      if (configuration.journal.folder === '/nowhere') throw new Error('no room for a hook');
      journals.push(`${configuration.journal.enabled} ${configuration.journal.keep}`);
    },
    replaceOutputs: async ({ configuration }, names) => {
      if (configuration.file_output.filename === '/nowhere/x') throw new Error("can't write /nowhere/x");
      replaced.push([...names]);
    },
  });
  for (const text of changed) await follower.take(await settingsOf(text, options));
  return { log, follower, replaced, told, journals, said: said.map((line) => line.replaceAll(`${folder}/`, '')) };
}

test('each changed key is reported once, with what becomes of it', async () => {
  const after =
    'log_level: debug\npriority: warning\nwebserver: {listen_port: 9000}\nmetrics: {jemalloc_stats_enabled: true}\n';
  const { log, said } = await follow('log_level: warning\n', [after, after]);
  assert.equal(log.level, 'debug');
  assert.deepEqual(said, [
    'wasprey: priority: debug -> warning (wasprey.yaml:2): applies with the rules, which are being reloaded\n',
    'wasprey: log_level: warning -> debug (wasprey.yaml:1): applies now\n',
    'wasprey: webserver.listen_port: 8765 -> 9000 (wasprey.yaml:3): applies from the next start\n',
    'wasprey: these keys of the configuration have no effect here:\n  metrics.jemalloc_stats_enabled  jemalloc is not used.\n',
  ]);
});

test('the journal is set once for each change of its keys', async () => {
  const { journals, said } = await follow('journal: {enabled: true}\n', [
    'journal: {enabled: true, keep: 1h, max_size: 8MiB}\n',
    'journal: {enabled: true, keep: 1h, max_size: 8MiB}\n',
    'journal: {enabled: true, keep: 1h, max_size: 8MiB, folder: /nowhere}\n',
    'journal: {enabled: false}\n',
  ]);
  assert.deepEqual(journals, ['true 3600000', 'false 604800000']);
  assert.deepEqual(said.slice(0, 4), [
    'wasprey: journal.keep: 1w -> 1h (wasprey.yaml:1): applies now\n',
    'wasprey: journal.max_size: 2GiB -> 8MiB (wasprey.yaml:1): applies now\n',
    'wasprey: journal.folder: /var/lib/wasprey/journal -> /nowhere (wasprey.yaml:1): applies now\n',
    'wasprey: the journal was not changed: no room for a hook\n',
  ]);
});

test('who wants to hear less hears of that, and who sets the level over the socket keeps it', async () => {
  const { log, said, follower } = await follow('log_level: info\n', ['log_level: error\n']);
  assert.deepEqual(said, ['wasprey: log_level: info -> error (wasprey.yaml:1): applies now\n']);
  assert.equal(log.level, 'error');
  log.level = 'debug';
  await follower.take(await settingsOf('log_level: error\npriority: error\n'));
  assert.equal(log.level, 'debug');
});

test('a secret that changes is not shown', async () => {
  const { said } = await follow('http_output: {headers: {Authorization: XXX}}\n', [
    'http_output: {headers: {Authorization: YYY}}\n',
  ]);
  assert.deepEqual(said, ['wasprey: http_output.headers has changed (wasprey.yaml:1): applies now\n']);
});

test('an option of the command line goes on to win', async () => {
  const { log, said } = await follow('', ['log_level: debug\n'], { 'log-level': 'notice' });
  assert.equal(log.level, 'notice');
  assert.deepEqual(said, ['wasprey: log_level: info -> debug (wasprey.yaml:1): overridden by the command line\n']);
});

test('outputs of changed keys are made anew, and those that could not be are tried again', async () => {
  const file = (name: string): string => `file_output: {enabled: true, filename: ${name}}\n`;
  const { said, replaced, told } = await follow(file('/tmp/a'), [
    file('/nowhere/x'),
    `${file('/nowhere/x')}priority: error\n`,
    `${file('/tmp/b')}stdout_output: {enabled: false}\n`,
  ]);
  assert.deepEqual(replaced, [['file', 'stdout']]);
  assert.deepEqual(
    said.filter((line) => !/priority/.test(line)),
    [
      'wasprey: file_output.filename: /tmp/a -> /nowhere/x (wasprey.yaml:1): applies now\n',
      "wasprey: the outputs were not changed: can't write /nowhere/x\n",
      'wasprey: stdout_output.enabled: true -> false (wasprey.yaml:2): applies now\n',
      'wasprey: file_output.filename: /nowhere/x -> /tmp/b (wasprey.yaml:1): applies now\n',
      'wasprey: the outputs match the configuration now\n',
    ],
  );
  assert.deepEqual(told, ["the outputs were not changed: can't write /nowhere/x", 'mended']);
});

test('what config_files names is watched, be it there or not: files may come', async () => {
  const { watched } = await settingsOf(`config_files: [/nowhere/config.d, {path: ${folder}/later.yaml}]\n`);
  assert.ok(watched.includes('/nowhere/config.d') && watched.includes(`${folder}/later.yaml`), String(watched));
});

test('keys that are trusted are watched: one may be replaced', async () => {
  const key = join(folder, 'team.pub');
  writeFileSync(key, generateKeyPair().publicPem);
  const given = await settingsOf(`module_signatures: {policy: required, trusted_keys: [${key}]}\n`);
  const named = await settingsOf('', { 'trusted-key': [{ text: key, place: 0 }] });
  for (const { watched, signatures } of [given, named]) {
    assert.ok(watched.includes(key), String(watched));
    assert.equal(signatures.mode, 'required');
  }
});

test('outputs that keep alerts on disk go on as they are until the next start', async () => {
  const spool = 'spool: {enabled: true}\n';
  const { said, replaced } = await follow(spool, [`${spool}json_output: true\nhttp_output: {timeout: 1s}\n`]);
  assert.deepEqual(replaced, [['stdout', 'file', 'syslog', 'program']]);
  assert.deepEqual(said, [
    'wasprey: json_output: false -> true (wasprey.yaml:2): applies now; to http, alertmanager, otlp, which keep alerts on disk, from the next start\n',
    'wasprey: http_output.timeout: 10s -> 1s (wasprey.yaml:3): applies from the next start, because http keeps alerts on disk\n',
  ]);
});
