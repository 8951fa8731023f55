// What is reported about mistakes in a configuration.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the configuration's variables

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadConfig } from '../../../host/config/load.ts';
import { folder, load, mistakes } from '../../support/config-files.ts';

describe('mistakes in a configuration', () => {
  it('are all shown, each in its place and with what to do', () => {
    assert.equal(
      mistakes('json_outputs: true\nwebserver:\n  listen_port: 99999\n  threads: 4\nlisten_address: ::1\n'),
      `error[CONFIG_UNKNOWN_KEY]: unknown key json_outputs
  --> main.yaml:1:1
   |
 1 | json_outputs: true
   | ^^^^^^^^^^^^
   = help: did you mean json_output?
error[CONFIG_UNKNOWN_KEY]: unknown key listen_address
  --> main.yaml:5:1
   |
 5 | listen_address: ::1
   | ^^^^^^^^^^^^^^
   = help: did you mean webserver.listen_address?
error[CONFIG_UNKNOWN_KEY]: unknown key threads in webserver
  --> main.yaml:4:3
   |
 4 |   threads: 4
   |   ^^^^^^^
   = help: \`wasprey config --markdown\` lists all keys
error[CONFIG_VALUE]: webserver.listen_port can't be '99999'
  --> main.yaml:3:16
   |
 3 |   listen_port: 99999
   |                ^^^^^
   = help: it is a whole number from 1 to 65535`,
    );
  });

  it('of where the page is served', () => {
    for (const listen of ['8766', '127.0.0.1', ':8766', '127.0.0.1:0', '::1:8766', 'a b:8766']) {
      assert.match(mistakes(`console: {listen: "${listen}"}`), /^error\[CONFIG_VALUE\]: console\.listen can't be/);
    }
    const open = 'console: {enabled: true, listen: "0.0.0.0:8766"}';
    assert.match(mistakes(open), /^error\[CONFIG_CONFLICT\]: without TLS the page can't be served at 0\.0\.0\.0/);
    assert.equal(load(`${open}\nwebserver: {ssl_enabled: true}`).configuration.console.enabled, true);
    assert.equal(load('console: {enabled: true, listen: "[::1]:8766"}').configuration.console.listen, '[::1]:8766');
  });

  it('of type, choice and YAML', () => {
    const said = (text: string) =>
      mistakes(text)
        .split('\n')
        .filter((line) => /^error|help|-->/.test(line));
    assert.deepEqual(said('json_output: [true]'), [
      "error[CONFIG_TYPE]: json_output can't be a list",
      '  --> main.yaml:1:14',
      '   = help: it is true or false',
    ]);
    assert.deepEqual(said('priority: warn'), [
      "error[CONFIG_VALUE]: priority can't be 'warn'",
      '  --> main.yaml:1:11',
      '   = help: did you mean warning?',
    ]);
    assert.match(said('a: b: c')[0] ?? '', /^error\[CONFIG_YAML\]: invalid YAML: /);
    assert.match(said('- a')[0] ?? '', /CONFIG_TYPE.*a configuration needs keys and values/);
    assert.match(said('json_output: true\n---\njson_output: false')[0] ?? '', /unexpected second document/);
    assert.deepEqual(said('priority: debug\n\npriority: info').slice(0, 2), [
      'error[CONFIG_DUPLICATE_KEY]: priority is given twice',
      '  --> main.yaml:3:1',
    ]);
  });

  it('between keys', () => {
    assert.match(
      mistakes('rules_file: a.yaml\nrules_files: [b.yaml]'),
      /rules_file and rules_files exclude each other/,
    );
    assert.match(mistakes('rules:\n  - enable: {rule: a}\n    disable: {tag: b}\n'), /needs either enable or disable/);
    assert.match(mistakes('rules:\n  - enable: {rule: a, tag: b}\n'), /main\.yaml:2:5/);
    assert.match(mistakes('file_output: {enabled: true}'), /file_output is on, and needs file_output\.filename/);
  });

  it('about the interval of metrics: it has a unit, and is not too short', () => {
    assert.equal(
      mistakes('metrics: {interval: 5}\n'),
      `error[CONFIG_TYPE]: metrics.interval can't be '5'
  --> main.yaml:1:21
   |
 1 | metrics: {interval: 5}
   |                     ^
   = help: it is a time such as 30s or 1h, in ms, s, m, h, d, w or y`,
    );
    assert.equal(
      mistakes('metrics: {interval: 99ms}\n'),
      `error[CONFIG_VALUE]: metrics.interval can't be '99ms'
  --> main.yaml:1:21
   |
 1 | metrics: {interval: 99ms}
   |                     ^^^^
   = help: it is 100 ms at least`,
    );
    assert.equal(load('metrics: {interval: 1h30m}').configuration.metrics.interval, 5_400_000);
  });

  it('about drops: what is ignored can not be reported as well, and a share is from 0 to 1', () => {
    const config = 'syscall_event_drops:\n  threshold: THRESHOLD\n  actions: [log, ignore]\n';
    assert.equal(
      mistakes(config.replace('THRESHOLD', '0')),
      `error[CONFIG_CONFLICT]: syscall_event_drops.actions can't be both ignore and log
  --> main.yaml:3:18
   |
 3 |   actions: [log, ignore]
   |                  ^^^^^^
   = help: leave one of them out`,
    );
    for (const threshold of ['-1', '1.1']) {
      assert.equal(
        mistakes(config.replace('THRESHOLD', threshold).replace('log, ', '')),
        `error[CONFIG_VALUE]: syscall_event_drops.threshold can't be '${threshold}'
  --> main.yaml:2:14
   |
 2 |   threshold: ${threshold}
   |              ${'^'.repeat(threshold.length)}
   = help: it is a number from 0 to 1`,
      );
    }
    assert.equal(
      mistakes('syscall_event_drops: {actions: [panic]}'),
      `error[CONFIG_VALUE]: syscall_event_drops.actions[0] can't be 'panic'
  --> main.yaml:1:33
   |
 1 | syscall_event_drops: {actions: [panic]}
   |                                 ^^^^^
   = help: it is one of ignore, log, alert, exit`,
    );
    const actions = (text: string) => load(text).configuration.syscall_event_drops.actions;
    assert.deepEqual(actions(''), ['alert']);
    assert.deepEqual(actions('syscall_event_drops: {actions: []}'), []);
    assert.deepEqual(actions('syscall_event_drops: {actions: [ignore, exit]}'), ['ignore', 'exit']);
  });

  it('of a file that can not be read', () => {
    assert.throws(() => loadConfig({ path: join(folder, 'none.yaml'), environment: {} }), /no such file or directory/);
    const bytes = join(folder, 'bytes.yaml');
    writeFileSync(bytes, Buffer.from([0xff, 0xfe, 0x41]));
    assert.throws(() => loadConfig({ path: bytes, environment: {} }), /not valid UTF-8/);
  });

  it('do not show what would act on a terminal', () => {
    assert.match(mistakes('"\\e[31mred": 1'), /unknown key \\x1b\[31mred/);
  });
});
