// The configuration: Falco's keys and grammar, what files and options come to together, and what is said of mistakes.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the configuration's variables

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { configReference } from '../../../host/cli/reports/config-reference.ts';
import { readAppendOutput } from '../../../host/config/append-output.ts';
import { changesBetween } from '../../../host/config/changes.ts';
import { DEFINITION } from '../../../host/config/definition.ts';
import { ConfigError } from '../../../host/config/error.ts';
import { type Environment, expandVariables } from '../../../host/config/expand.ts';
import { configSchema } from '../../../host/config/json-schema.ts';
import { type LoadedConfig, loadConfig } from '../../../host/config/load.ts';
import { printConfig } from '../../../host/config/print.ts';
import { durationText, parseDuration } from '../../../host/config-values/duration.ts';
import { kubernetesPlace, runtimePlaces } from '../../../host/daemon/places/metadata-places.ts';
import { renderDiagnostic } from '../../../host/diagnostics/diagnostic-text.ts';
import { usualPlaces } from '../../../host/metadata/directory/runtime-places.ts';
import { PROJECT } from '../../../host/setup/paths.mjs';
import { falcoFile, missingFalco } from '../../support/falco-data.ts';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasprey-config-'));
});
after(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function load(text: string, options: readonly string[] = [], environment: Environment = {}): LoadedConfig {
  return loadConfig({ path: write('main.yaml', text), options, environment });
}

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

/** What a person sees, with the folder left out. */
function mistakes(text: string, options: readonly string[] = [], environment: Environment = {}): string {
  try {
    load(text, options, environment);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.diagnostics.map((diagnostic) => renderDiagnostic(diagnostic).replaceAll(`${folder}/`, '')).join('\n');
  }
  assert.fail('it was accepted');
}

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

  it('says what to do instead of sources of events that are no capture', () => {
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

  it('gives every key its default where nothing is said', () => {
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

describe('-o', () => {
  it('sets keys, items of lists, and whole objects', () => {
    const { configuration } = load('rules_files: [a]\nwebserver: {listen_port: 1}\n', [
      'webserver.listen_address=::1',
      'rules_files[]=b',
      'rules_files[0]=c',
      'rules[].disable.rule=*',
      'rules[1].enable={tag: network}',
      'file_output={"enabled": true, "filename": "x=y"}',
      "program_output.program=jq '{text: .output}' | curl -d @- -X POST http://127.0.0.1/a?b=c",
    ]);
    assert.deepEqual([configuration.webserver.listen_port, configuration.webserver.listen_address], [1, '::1']);
    assert.deepEqual(configuration.rules_files, ['c', 'b']);
    assert.deepEqual(configuration.rules, [{ disable: { rule: '*' } }, { enable: { tag: 'network' } }]);
    assert.deepEqual([configuration.file_output.enabled, configuration.file_output.filename], [true, 'x=y']);
    assert.equal(
      configuration.program_output.program,
      "jq '{text: .output}' | curl -d @- -X POST http://127.0.0.1/a?b=c",
    );
  });

  it('is shown as it was given when it is wrong', () => {
    assert.equal(
      mistakes('', ['webserver={listen_port: 70000}']),
      `error[CONFIG_VALUE]: webserver.listen_port can't be '70000'
  --> -o:1:25
   |
 1 | webserver={listen_port: 70000}
   |                         ^^^^^
   = help: it is a whole number from 1 to 65535`,
    );
    assert.match(
      mistakes('base_syscalls: {custom_set: ["!read", "!opennat"]}'),
      /^error\[CONFIG_VALUE\]: unknown system call opennat\n(.*\n)+.*did you mean !openat\?/,
    );
    assert.equal(
      mistakes('sources: {k8s_audit: {listen: "0.0.0.0:9765"}}'),
      `error[CONFIG_CONFLICT]: sources.k8s_audit.listen needs client_ca or token_file: anybody could send events
  --> main.yaml:1:31
   |
 1 | sources: {k8s_audit: {listen: "0.0.0.0:9765"}}
   |                               ^^^^^^^^^^^^^^
   = help: set one of them, or both`,
    );
    for (const [keys, message] of [
      ['listen: "9765"', /^error\[CONFIG_VALUE\]: sources\.k8s_audit\.listen can't be '9765'/],
      ['listen: "::1:9765", token_file: /t', /listen can't be '::1:9765'(\n.*)+\[::\]:9765/],
      ['listen: "0.0.0.0:70000", token_file: /t', /listen can't be '0\.0\.0\.0:70000'/],
      ['listen: "0.0.0.0:1", token_file: /t, ssl_enabled: false', /without TLS events can't be received at 0\.0\.0\.0/],
      ['listen: "127.0.0.1:1", client_ca: /c, ssl_enabled: false', /client_ca needs ssl_enabled/],
      ['path: x', /path can't be 'x'/],
      ['lisen: x', /unknown key lisen in sources\.k8s_audit(\n.*)+did you mean sources\.k8s_audit\.listen\?/],
    ] as const) {
      assert.match(mistakes(`sources: {k8s_audit: {${keys}}}`), message);
    }
    for (const [keys, message] of [
      ['listen: "9766"', /agents\.listen can't be '9766'/],
      ['listen: "0.0.0.0:9766"', /agents\.listen needs service_accounts: nobody would be heard/],
      [
        'listen: "0.0.0.0:9766", service_accounts: [wasprey]',
        /service_accounts can't have 'wasprey'(\n.*)+NAMESPACE\/NAME/,
      ],
      ['listen: "0.0.0.0:9766", service_accounts: [a/b], audience: ""', /audience can't be empty/],
    ] as const) {
      assert.match(mistakes(`sources: {k8s_audit: {file: /l, agents: {${keys}}}}`), message);
    }
    assert.match(
      mistakes('sources: {k8s_audit: {agents: {listen: "[::]:9766", service_accounts: [a/b]}}}'),
      /agents\.listen needs audit events/,
    );
    load('sources: {k8s_audit: {file: /l, agents: {listen: "[::]:9766", service_accounts: [a/b]}}}');
    for (const url of ['http://a:1', 'a:1', 'https://a:1/x', 'https://a:1/?x', 'https://u@a:1']) {
      assert.match(mistakes(`sessions: {receiver: {url: "${url}"}}`), /receiver\.url can't be/);
    }
    load('sessions: {receiver: {url: "https://a:1"}}');
    assert.match(
      mistakes('sources: {k8s_audit: {file: /l}}\nsessions: {receiver: {url: "https://a:1"}}'),
      /sessions\.receiver and sources\.k8s_audit exclude each other/,
    );
    load('sources: {k8s_audit: {listen: "127.0.0.1:9765", token_file: /t, ssl_enabled: false}}');
    load('sources: {k8s_audit: {listen: "[::]:9765", client_ca: /c}}');
    for (const option of [
      'json_output',
      '=true',
      'a..b=1',
      '[0]=1',
      'a[x]=1',
      'a.=1',
      'rules[5].enable=1',
      'priority.x=1',
    ])
      assert.match(mistakes('priority: debug', [option]), /^error\[CONFIG_OPTION\]/, option);
  });
});

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

describe('container runtimes', () => {
  it('are those of container_engines, or of the container plugin', () => {
    const engines =
      'docker: {enabled: false}, podman: {sockets: [/a, /b]}, cri: {sockets: [/c]}, containerd: {enabled: true, sockets: [/d, /c]}';
    const plugin = `plugins: [{name: other}, {name: container, library_path: x.so, init_config: {with_size: true, engines: {${engines}}}}]`;
    for (const text of [`container_engines: {${engines}}`, plugin]) {
      const { dockerSocket, podmanSocket, criSockets } = runtimePlaces(load(text).configuration);
      assert.deepEqual(
        { dockerSocket, podmanSocket, criSockets },
        { dockerSocket: '', podmanSocket: '/a', criSockets: ['/d', '/c'] },
      );
    }
    assert.deepEqual(runtimePlaces(load('').configuration), usualPlaces());
    assert.deepEqual(
      runtimePlaces(load('container_engines: {cri: {enabled: false}, containerd: {enabled: false}}').configuration)
        .criSockets,
      [],
    );
    assert.match(
      mistakes(plugin.replace('podman', 'padmon')),
      /unknown key padmon in container_engines\n {2}--> main\.yaml:1:\d+/,
    );
  });

  it('are found below HOST_ROOT by what /var/run leads to on the host, as the link would lead out of it', () => {
    const before = process.env.HOST_ROOT;
    process.env.HOST_ROOT = '/host';
    try {
      const engines =
        'docker: {sockets: [/var/run/docker.sock]}, cri: {sockets: [/var/run/crio/crio.sock, /var/x.sock]}';
      const { dockerSocket, criSockets } = runtimePlaces(load(`container_engines: {${engines}}`).configuration);
      assert.equal(dockerSocket, '/host/run/docker.sock');
      assert.deepEqual(criSockets, ['/host/run/crio/crio.sock', '/host/var/x.sock']);
    } finally {
      if (before === undefined) delete process.env.HOST_ROOT;
      else process.env.HOST_ROOT = before;
    }
  });

  it('and the API server is asked as the pod allows, by a file, or not at all', () => {
    const place = (text: string) => kubernetesPlace(load(text).configuration);
    assert.equal(place(''), undefined);
    assert.equal(place('kubernetes: {enabled: false}'), false);
    assert.deepEqual(place('kubernetes: {node: n1, kubeconfig: /k}'), { node: 'n1', kubeconfig: '/k' });
  });
});
