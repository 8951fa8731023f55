// What there is to configure: as it is printed, as a schema, and as a reference.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the configuration's variables

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { configReference } from '../../../host/cli/reports/config-reference.ts';
import { changesBetween } from '../../../host/config/changes.ts';
import { DEFINITION } from '../../../host/config/definition.ts';
import { configSchema } from '../../../host/config/json-schema.ts';
import { loadConfig } from '../../../host/config/load.ts';
import { printConfig } from '../../../host/config/print.ts';
import { durationText, parseDuration } from '../../../host/config-values/duration.ts';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { load, write } from '../../support/config-files.ts';
import { falcoFile, missingFalco } from '../../support/falco-data.ts';

describe('what there is to configure', () => {
  /** The file must set webserver.listen_port and a key that has no effect here. */
  function assertReadsBack(path: string): void {
    const first = loadConfig({ path, options: ['static_fields={}', 'priority=error'], environment: {} });
    const printed = printConfig(first, { showsSecrets: true });
    assert.match(printed, /^priority: error +# -o priority=error$/m);
    assert.match(printed, /^ {2}listen_port: 8765 +# .*falco\.yaml:\d+$/m);
    assert.match(printed, /^ {4}ring_memory_mb: 0 +# default$/m);
    assert.match(printed, /^# {3}falco_libs \(.*falco\.yaml:\d+\): /m);
    assert.deepEqual(load(printed).configuration, first.configuration);
    assert.doesNotMatch(printConfig(first, { onlyGiven: true }), /# default/);
  }

  it('is printed with the source of each value, and reads back as the same', () => {
    const everyKey = printConfig(loadConfig({ environment: {} })).replace('ring_memory_mb', '# ring_memory_mb');
    assertReadsBack(write('falco.yaml', `${everyKey}\nfalco_libs:\n  snaplen: 80\n`));
  });

  it("is printed so of Falco's own file", { skip: missingFalco('falco.yaml') }, () => {
    assertReadsBack(falcoFile('falco.yaml'));
  });

  it('is printed with times as they are written, in lists too', () => {
    const given = 'follow: [{reference: "oci://registry.example/rules:1", every: 90s}]\nnoise: {repeat: 30s}\n';
    const config = load(given);
    const printed = printConfig(config, { onlyGiven: true });
    assert.match(printed, /"every":"1m30s"/);
    assert.deepEqual(load(printed).configuration, config.configuration);
  });

  it('is printed without secrets, unless they are asked for', () => {
    const secret = 'T0/B0/XXX';
    const config = load(
      `http_output: {url: "https://hooks.example.com/services/${secret}", headers: {Authorization: "Bearer ${secret}"}}\n` +
        `alertmanager_output: {url: "https://me:${secret.replaceAll('/', '-')}@am.example.com:9093"}\n` +
        'otlp_output: {url: "http://collector:4318"}\n',
      [`program_output.program=curl ${secret}`],
    );
    const printed = printConfig(config, { onlyGiven: true });
    assert.doesNotMatch(printed, /XXX/);
    assert.match(printed, /^ {2}url: "https:\/\/hooks\.example\.com\/<hidden>" /m);
    assert.match(printed, /^ {2}headers: \{"Authorization":"<hidden>"\} /m);
    assert.match(printed, /^ {2}url: "https:\/\/am\.example\.com:9093\/<hidden>" /m);
    assert.match(printed, /^ {2}url: "http:\/\/collector:4318" /m);
    assert.match(printed, /^ {2}program: "<hidden>" +# -o program_output\.program$/m);
    const open = load(printConfig(config, { onlyGiven: true, showsSecrets: true }));
    assert.deepEqual(open.configuration, config.configuration);
  });

  it('differs from another key by key, each with both values and the new place', () => {
    const before = load(
      'priority: debug\nwebserver: {listen_port: 1}\nnoise: {repeat: 30s}\nhttp_output: {headers: {A: b}}\n',
    );
    const path = write(
      'after.yaml',
      'rules: [{disable: {tag: x}}]\nwebserver: {listen_port: 2}\nnoise: {repeat: 1m30s}\nhttp_output: {headers: {A: c}}\n',
    );
    const after = loadConfig({ path, options: ['log_level=error'], environment: {} });
    assert.deepEqual(
      changesBetween(before, after).map(({ path: key, from, to, source }) => [key, from, to, source.split('/').at(-1)]),
      [
        ['rules', '[]', '[{"disable":{"tag":"x"}}]', 'after.yaml:1'],
        ['http_output.headers', '{"A":"<hidden>"}', '{"A":"<hidden>"}', 'after.yaml:4'],
        ['noise.repeat', '30s', '1m30s', 'after.yaml:3'],
        ['log_level', 'info', 'error', '-o log_level=error'],
        ['webserver.listen_port', '1', '2', 'after.yaml:2'],
      ],
    );
    assert.deepEqual(changesBetween(after, after), []);
  });

  it('is in the reference', () => {
    const file = readFileSync(join(PROJECT, 'host/config/KEYS.md'), 'utf8');
    assert.equal(file, configReference(), 'run: wasprey config --markdown > host/config/KEYS.md');
  });

  it('has times as Prometheus writes them', () => {
    for (const [text, ms] of [
      ['1h30m', 5_400_000],
      ['100ms', 100],
      ['1y2w', 32_745_600_000],
      ['0s', 0],
    ] as const) {
      assert.equal(parseDuration(text), ms);
      assert.equal(durationText(ms), text);
    }
    for (const text of ['', '1', '1 h', '30m1h', '1.5s', '-1s', 's'])
      assert.equal(parseDuration(text), undefined, text);
  });

  it('has a JSON Schema with every key', () => {
    const schema = JSON.stringify(configSchema());
    const parsed = JSON.parse(schema);
    assert.deepEqual(Object.keys(parsed.properties), Object.keys(DEFINITION.keys));
    assert.equal(parsed.additionalProperties, false);
    assert.deepEqual(parsed.properties.webserver.properties.listen_port.anyOf[0], {
      type: 'integer',
      minimum: 1,
      maximum: 65535,
    });
    assert.match(parsed.properties.falco_libs.description, /^No effect\. /);
  });
});
