// Options of the command line that set keys of the configuration.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the configuration's variables

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { load, mistakes } from '../../support/config-files.ts';

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
      ['listen: "0.0.0.0:9766"', /agents\.listen needs service_accounts: without them every client is rejected/],
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
