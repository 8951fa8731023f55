// The configuration: Falco's keys, and what files, further files and variables of the environment come to together.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the configuration's variables

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readAppendOutput } from '../../../host/config/append-output.ts';
import { expandVariables } from '../../../host/config/expand.ts';
import { type LoadedConfig, loadConfig } from '../../../host/config/load.ts';
import { folder, load, mistakes, write } from '../../support/config-files.ts';
import { falcoFile, missingFalco } from '../../support/falco-data.ts';

/** What the configurations of Falco 0.13.0 to 0.36.0 have at some time, and later ones no longer. */
const KEYS_OF_OLD_RELEASES = `
rules_file: [/etc/falco/falco_rules.yaml, /etc/falco/falco_rules.local.yaml, /etc/falco/k8s_audit_rules.yaml, /etc/falco/rules.d]
load_plugins: [k8saudit, json]
plugins:
  - {name: k8saudit, library_path: libk8saudit.so, init_config: {maxEventBytes: 1048576}, open_params: "http://:9765/k8s-audit"}
buffered_outputs: false
outputs: {rate: 1, max_burst: 1000}
outputs_queue: {capacity: 0, recovery: 1}
output_timeout: 2000
syscall_event_drops: {threshold: .1, actions: [log, alert], rate: .03333, max_burst: 1, simulate_drops: false}
syscall_event_timeouts: {max_consecutives: 1000}
syscall_buf_size_preset: 4
syscall_drop_failed_exit: false
modern_bpf: {cpus_for_each_syscall_buffer: 2}
libs_logger: {enabled: false, severity: debug}
falco_libs: {thread_table_size: 262144, snaplen: 80}
metadata_download: {max_mb: 100, chunk_wait_us: 1000, watch_freq_sec: 1}
webserver:
  enabled: true
  threadiness: 0
  listen_port: 8765
  k8s_healthz_endpoint: /healthz
  k8s_audit_endpoint: /k8s-audit
  ssl_enabled: false
  ssl_certificate: /etc/falco/falco.pem
program_output: {enabled: false, keep_alive: false, program: "mail -s Falco someone@example.com"}
http_output: {enabled: false, url: http://some.url, user_agent: falcosecurity/falco, insecure: false, ca_cert: "", ca_bundle: "", ca_path: /etc/ssl/certs, mtls: false, client_cert: /a, client_key: /b, echo: false}
grpc: {enabled: false, bind_address: "0.0.0.0:5060", threadiness: 8, private_key: /k, cert_chain: /c, root_certs: /r}
grpc_output: {enabled: false}
gvisor: {config: /x}
engine: {kind: ebpf, kmod: {buf_size_preset: 4}, ebpf: {probe: /root/.falco/falco-bpf.o}, replay: {capture_file: x}, gvisor: {config: /x, root: /y}}
metrics: {enabled: false, interval: 1h, output_rule: true, resource_utilization_enabled: true, kernel_event_counters_enabled: true, libbpf_stats_enabled: true, convert_memory_to_mb: true, include_empty_values: false}
base_syscalls: {custom_set: [], repair: false}
`;

describe('a configuration of Falco', () => {
  it('is read as it comes: each key is applied, or named with the reason why not', {
    skip: missingFalco('falco.yaml'),
  }, () => {
    const path = falcoFile('falco.yaml');
    const { configuration, unused } = loadConfig({ path, environment: {} });
    assert.equal(configuration.priority, 'debug');
    assert.deepEqual(configuration.rules_files, [
      '/etc/falco/falco_rules.yaml',
      '/etc/falco/falco_rules.local.yaml',
      '/etc/falco/rules.d',
    ]);
    assert.equal(configuration.webserver.enabled, true);
    assert.equal(configuration.webserver.listen_address, '0.0.0.0');
    const { threshold, rate, actions } = configuration.syscall_event_drops;
    assert.deepEqual([threshold, rate, actions], [0.1, 0.03333, ['log', 'alert']]);
    assert.match(configuration.program_output.program, /^jq '\{text: \.output\}' \| curl -d @- -X POST https:/);
    for (const { path, reason } of unused) {
      assert.match(reason, /\S.*\.$/, path);
    }
    // What it has at its top is all that there is.
    const top = [...readFileSync(path, 'utf8').matchAll(/^([a-z_0-9]+):/gm)].map(([, key]) => key);
    assert.ok(top.length > 30);
    const named = new Set(unused.map(({ path }) => path));
    for (const key of top) assert.ok(key && (Object.hasOwn(configuration, key) || named.has(key)), key);
  });

  it('of any release since 0.13 is read: keys that Falco dropped are named with the reason', () => {
    const { unused } = load(KEYS_OF_OLD_RELEASES);
    assert.deepEqual(unused.map(({ path }) => path).sort(), [
      'base_syscalls.repair',
      'buffered_outputs',
      'engine.ebpf',
      'engine.gvisor',
      'engine.kmod',
      'engine.replay',
      'falco_libs',
      'grpc',
      'grpc_output',
      'gvisor',
      'http_output.ca_path',
      'http_output.echo',
      'libs_logger',
      'load_plugins',
      'metadata_download',
      'modern_bpf',
      'outputs',
      'outputs_queue.recovery',
      'plugins',
      'syscall_buf_size_preset',
      'syscall_drop_failed_exit',
      'syscall_event_timeouts',
      'webserver.k8s_audit_endpoint',
      'webserver.threadiness',
    ]);
    for (const { path, reason } of unused) assert.match(reason, /\S.*\.$/, path);
  });

  it('keeps additions to alerts of a source that is not there', () => {
    const { configuration, origins } = load(`append_output:
  - match: {source: github}
    extra_fields: [github.type, {user: '%github.user'}]
    extra_output: '%github.repo'
`);
    assert.equal(configuration.append_output.length, 1);
    assert.deepEqual(readAppendOutput(configuration, origins), {
      additions: [{ match: { source: 'github' }, output: [], fields: [], formatted: [] }],
      diagnostics: [],
    });
    load('append_output: [{match: {source: k8s_audit}, extra_fields: [ka.verb], extra_output: "%ka.uri"}]\n');
    assert.match(
      mistakes('append_output: [{match: {source: k8s_audit}, extra_fields: [proc.name]}]\n'),
      /unknown field proc\.name/,
    );
    assert.match(
      mistakes('append_output: [{match: {source: syscall}, extra_fields: [ka.verb]}]\n'),
      /unknown field ka\.verb/,
    );
  });

  it('says what to do instead of sources of events that are not a capture', () => {
    const instead = {
      nodriver: /sources\.k8s_audit\)$/,
      replay: /`wasprey replay FILE` evaluates recordings/,
      gvisor: /gVisor is not supported/,
    };
    for (const [kind, help] of Object.entries(instead)) {
      const text = mistakes(`engine: {kind: ${kind}}\n`);
      assert.match(text, new RegExp(`engine\\.kind can't be '${kind}'`));
      assert.match(text, help);
    }
  });

  it('gives every key its default where nothing is set', () => {
    const { configuration, unused, files } = loadConfig({ environment: {} });
    assert.equal(configuration.json_include_tags_property, true);
    assert.equal(configuration.json_output, false);
    assert.equal(configuration.webserver.listen_address, '127.0.0.1');
    assert.deepEqual([unused, files], [[], []]);
  });

  it('takes what stands behind no key for not given, and an empty file for an empty configuration', () => {
    assert.equal(load('json_include_tags_property:\nwebserver: ~\n').configuration.webserver.listen_port, 8765);
    assert.equal(load('# nothing\n').configuration.rule_matching, 'first');
  });
});

describe('further files', () => {
  it('append to lists and replace all else, override, or only add', () => {
    const more = write('more.yaml', 'rules_files: [c]\npriority: error\nwebserver: {listen_port: 1}\n');
    const given = (strategy: string) =>
      load(
        `rules_files: [a, b]\nwebserver: {listen_port: 2, listen_address: 127.0.0.2}\nconfig_files: [{path: ${more}, strategy: ${strategy}}]`,
      );
    const seen = ({ configuration }: LoadedConfig) => [
      configuration.rules_files,
      configuration.priority,
      configuration.webserver.listen_port,
      configuration.webserver.listen_address,
    ];
    assert.deepEqual(seen(given('append')), [['a', 'b', 'c'], 'error', 1, '127.0.0.1']);
    assert.deepEqual(seen(given('override')), [['c'], 'error', 1, '127.0.0.1']);
    assert.deepEqual(seen(given('add-only')), [['a', 'b'], 'error', 2, '127.0.0.2']);
  });

  it('are files, all files of a folder by name, or not there', () => {
    const inner = join(folder, 'config.d');
    mkdirSync(inner);
    writeFileSync(join(inner, '2'), 'priority: error\nrules_files: [two]\n');
    writeFileSync(join(inner, '1.yaml'), 'priority: alert\nrules_files: [one]\n');
    mkdirSync(join(inner, '3.yaml'));
    // What editors leave while they are open.
    for (const name of ['.1.yaml.swp', '1.yaml~', '#1.yaml#']) writeFileSync(join(inner, name), '\0');
    symlinkSync('somebody@somewhere.1234:5678', join(inner, '.#1.yaml'));
    symlinkSync('/nowhere', join(inner, '4.yaml'));
    const { configuration, files } = load(`config_files:\n  - ${inner}\n  - ${folder}/nowhere\n`);
    assert.deepEqual([configuration.priority, configuration.rules_files], ['error', ['one', 'two']]);
    assert.deepEqual(
      files,
      ['main.yaml', 'config.d/1.yaml', 'config.d/2'].map((name) => join(folder, name)),
    );
    assert.equal(load('', [`config_files=${inner}/1.yaml`]).configuration.priority, 'alert');
  });

  it('have their own places in diagnostics, and name no further ones', () => {
    const bad = write('bad.yaml', '\njson_output: perhaps\n');
    assert.match(
      mistakes(`config_files: [${bad}]`),
      /CONFIG_TYPE\]: json_output can't be 'perhaps'\n {2}--> bad\.yaml:2:14/,
    );
    const nested = write('nested.yaml', 'config_files: [x]\n');
    assert.match(mistakes(`config_files: [${nested}]`), /CONFIG_INCLUDE\].*\n {2}--> nested\.yaml:1:1/);
    assert.match(mistakes(`config_files:\n  - ${folder}/main.yaml\n`), /CONFIG_INCLUDE\].*\n {2}--> main\.yaml:2:5/);
  });
});

describe('variables of the environment', () => {
  it('are expanded as Falco does', () => {
    const environment = { FOO: 'bar', OUTER: 'x${FOO}y', EMPTY: '', SELF: '${SELF}' };
    for (const [written, expected] of [
      ['${FOO}', 'bar'],
      ['a${FOO}b${FOO}', 'abarbbar'],
      ['${OUTER}', 'xbary'],
      ['${UNSET}${EMPTY}', ''],
      ['$FOO', '$FOO'],
      ['$$FOO', '$$FOO'],
      ['$${FOO}', '${FOO}'],
      ['$${${FOO}}', '${bar}'],
      ['${FOO', '${FOO'],
      ['100$', '100$'],
      ['${SELF}', undefined],
    ] as const) {
      assert.equal(expandVariables(written, environment), expected, written);
    }
  });

  it('count for values of every kind, and for the paths of further files', () => {
    const more = write('by-variable.yaml', 'priority: ${LEVEL}\n');
    const text = 'config_files: ["${MORE}"]\nwebserver: {listen_port: "9${PORT}"}\njson_output: ${UNSET}\n';
    const { configuration } = load(text, [], { MORE: more, LEVEL: 'error', PORT: '000' });
    assert.deepEqual(
      [configuration.priority, configuration.webserver.listen_port, configuration.json_output],
      ['error', 9000, false],
    );
    assert.match(mistakes('json_output: ${A}', [], { A: 'maybe' }), /json_output can't be 'maybe'/);
    assert.match(mistakes('priority: ${A}', [], { A: '${A}' }), /has a variable that contains itself/);
  });
});
