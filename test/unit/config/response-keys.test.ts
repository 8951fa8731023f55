// The keys of responses: what they come to, and what is reported about mistakes, each at its place.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFINITION } from '../../../host/config/definition.ts';
import { readConfigNode } from '../../../host/config/node.ts';
import { readValue } from '../../../host/config/read.ts';
import { type AvailableActions, readResponses } from '../../../host/config/responses.ts';
import { renderDiagnostic } from '../../../host/diagnostics/diagnostic-text.ts';
import { SourceFile } from '../../../host/diagnostics/source-file.ts';
import { ACTION_KINDS } from '../../../host/responses/settings.ts';

const ALL: AvailableActions = { host: ACTION_KINDS, kernel: ACTION_KINDS };

function read(text: string, available = ALL) {
  const file = new SourceFile('wasprey.yaml', text);
  const { value, origins, diagnostics } = readValue(DEFINITION, readConfigNode(file), {});
  const responses = readResponses(value, origins, available);
  return { settings: responses.settings, diagnostics: [...diagnostics, ...responses.diagnostics] };
}

/** One response, with further keys. */
function errorsOf(keys: string, available = ALL): string[] {
  const text = `responses:\n  actions:\n  - name: freeze\n${keys.replace(/^/gm, '    ')}\n`;
  return read(text, available).diagnostics.map((diagnostic) => renderDiagnostic(diagnostic));
}

test('the example of the documentation is read whole', () => {
  const { settings, diagnostics } = read(`
responses:
  mode: observe
  limits: {per_container: 5/1m, per_node: 20/10m}
  never: {namespaces: [kube-system], labels: {wasprey.io/responses: off}, executables: [kubelet, containerd]}
  actions:
  - name: freeze reverse shells
    match: {rules: ["Reverse shell*"], tags: [mitre_execution], priority: critical}
    unless: proc.name in (backup, agent-x) or k8s.ns.name = staging
    do: pause_container
    undo_after: 30m
  - name: stop
    match: {rules: "*"}
    do: stop_container
    grace: 5s
  - {name: mark, match: {priority: info}, do: label_pod, labels: {quarantine: "true"}}
  - {name: alone, match: {tags: x}, do: isolate_container, allow: [dns, 10.0.0.0/8]}
  - {name: refuse, match: {rules: [A]}, do: deny, where: kernel}
`);
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(settings, {
    mode: 'observe',
    perContainer: { count: 5, milliseconds: 60_000 },
    perNode: { count: 20, milliseconds: 600_000 },
    never: {
      namespaces: ['kube-system'],
      labels: new Map([['wasprey.io/responses', 'off']]),
      executables: ['kubelet', 'containerd'],
    },
    hosts: false,
    pinned: false,
    responses: [
      {
        name: 'freeze reverse shells',
        match: { rules: ['Reverse shell*'], tags: ['mitre_execution'], priority: 'Critical' },
        action: 'pause_container',
        where: 'host',
        unless: 'proc.name in (backup, agent-x) or k8s.ns.name = staging',
        undoAfterMs: 1_800_000,
      },
      { name: 'stop', match: { rules: ['*'] }, action: 'stop_container', where: 'host', graceMs: 5000 },
      {
        name: 'mark',
        match: { priority: 'Informational' },
        action: 'label_pod',
        where: 'host',
        labels: new Map([['quarantine', 'true']]),
      },
      {
        name: 'alone',
        match: { tags: ['x'] },
        action: 'isolate_container',
        where: 'host',
        allow: ['dns', '10.0.0.0/8'],
      },
      { name: 'refuse', match: { rules: ['A'] }, action: 'deny', where: 'kernel' },
    ],
  });
});

test('without any, nothing is done, and pods may opt out', () => {
  const { settings, diagnostics } = read('{}');
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(settings, {
    mode: 'observe',
    perContainer: { count: 5, milliseconds: 60_000 },
    perNode: { count: 20, milliseconds: 600_000 },
    never: { namespaces: ['kube-system'], labels: new Map([['wasprey.io/responses', 'off']]), executables: [] },
    hosts: false,
    pinned: false,
    responses: [],
  });
});

test('a type error in `unless` has the code and the caret that it has in a rule', () => {
  assert.deepEqual(errorsOf('match: {rules: ["*"]}\ndo: kill_process\nunless: proc.nmae = x and evt.type = open'), [
    `error[LOAD_ERR_COMPILE_CONDITION]: unknown field proc.nmae
  --> wasprey.yaml:6:13
   |
 6 |     unless: proc.nmae = x and evt.type = open
   |             ^^^^^^^^^
   = help: did you mean proc.name?`,
  ]);
  assert.deepEqual(
    errorsOf(
      'match: {rules: ["*"]}\ndo: kill_process\nunless: >\n  proc.name = x or\n  container.id = host or proc.pid = abc',
    ),
    [
      `error[LOAD_ERR_COMPILE_CONDITION]: abc is not a valid number
  --> wasprey.yaml:8:41
   |
 8 |       container.id = host or proc.pid = abc
   |                                         ^^^
   = help: expected a whole decimal number`,
    ],
  );
});

describe('an `unless` is refused', () => {
  for (const [what, unless, expected] of [
    ['that does not parse', 'proc.name =', /expected a string value/],
    ['that is empty', '""', /expected/],
    ['with a macro', 'proc.name = x or spawned_process', /unknown macro spawned_process/],
    ['with a list', 'proc.name in (http_server_binaries)', /there is no list http_server_binaries here/],
    ['with a bare list', 'proc.name in shells', /there is no list shells here/],
    ['that reads what is never there', 'k8s.rc.name = x', /k8s\.rc\.name/],
    ['on events that are not captured', 'evt.type = futex', /futex/],
    ['that reads the exec session', 'k8s.user.name = alice', /becomes known after the event/],
    ['that reads the session', 'session.kind = ssh', /how the session was entered is looked up for rules only/],
  ] as const) {
    test(what, () => {
      const [error, ...more] = errorsOf(`match: {rules: ["*"]}\ndo: kill_process\nunless: ${unless}`);
      assert.match(error ?? '', /^error\[LOAD_ERR_COMPILE_CONDITION\]: /);
      assert.match(error ?? '', expected);
      assert.match(error ?? '', /\n {2}--> wasprey\.yaml:6:\d+\n/);
      assert.deepEqual(more, []);
    });
  }
});

describe('what contradicts itself is refused at its place', () => {
  const match = 'match: {rules: ["*"]}';
  for (const [keys, expected] of [
    [`${match}\ndo: freeze_container`, /can't be 'freeze_container'.*:5:9.*it is one of|did you mean/s],
    [match, /response freeze has no action.*do: pause_container/s],
    ['do: kill_process', /needs a match.*rules: \["\*"\] is for all/s],
    ['match: {}\ndo: kill_process', /needs a match.*:4:12/s],
    ['match: {rules: []}\ndo: kill_process', /an empty list of rules is for no alert/],
    ['match: {tags: [""]}\ndo: kill_process', /no rule has an empty tag/],
    [`${match}\ndo: deny`, /deny needs where: kernel.*:5:9/s],
    [`${match}\ndo: pause_container\nwhere: kernel`, /pause_container is not possible in the kernel.*:6:12/s],
    [`${match}\ndo: kill_process\nwhere: kernel\nunless: proc.name = x`, /a response with where: kernel has no unless/],
    [
      `${match}\ndo: kill_process\nundo_after: 5m`,
      /undo_after is for pause_container, .* not for kill_process.*:6:17/s,
    ],
    [`${match}\ndo: pause_container\ngrace: 5s`, /grace is for stop_container/],
    [`${match}\ndo: pause_container\nallow: [dns]`, /allow is for isolate_container/],
    [`${match}\ndo: isolate_container\nallow: [dns, example.com]`, /nothing is reached by 'example\.com'/],
    [`${match}\ndo: isolate_container\nallow: [10.0.0.0/40]`, /nothing is reached by '10\.0\.0\.0\/40'/],
    [`${match}\ndo: isolate_container\nallow: [${'dns, '.repeat(49)}]`, /allow has more than 48 entries/],
    [`${match}\ndo: pause_container\nlabels: {a: b}`, /labels is for label_pod/],
    [`${match}\ndo: label_pod`, /label_pod needs labels.*:5:9/s],
    [`${match}\ndo: label_pod\nlabels: {"a b": c}`, /Kubernetes allows no label a b: c/],
  ] as const) {
    test(keys.replaceAll('\n', ', '), () => {
      const [error, ...more] = errorsOf(keys);
      assert.match(error ?? '', expected);
      assert.deepEqual(more, []);
    });
  }

  test('limits, names and labels', () => {
    const { diagnostics } = read(`
responses:
  limits: {per_container: 5, per_node: 20/10q}
  never: {labels: {"a b": x}}
  actions:
  - {match: {rules: [a]}, do: kill_process}
  - {name: twice, match: {rules: [a]}, do: kill_process}
  - {name: twice, match: {rules: [a]}, do: kill_process}
`);
    assert.deepEqual(
      diagnostics.map(({ message, line }) => `${line} ${message}`),
      [
        "3 responses.limits.per_container can't be '5'",
        "3 responses.limits.per_node can't be '20/10q'",
        '6 a response needs a name',
        '8 a second response is named twice',
        '4 Kubernetes allows no label a b',
      ],
    );
  });
});

test('an action that this version lacks is an error', () => {
  const some = { host: ['kill_process', 'label_pod'], kernel: [] } as const;
  const [error] = errorsOf('match: {rules: ["*"]}\ndo: delete_pod', some);
  assert.match(error ?? '', /this version can't do delete_pod.*it has kill_process, label_pod/s);
  const [inKernel] = errorsOf('match: {rules: ["*"]}\ndo: kill_process\nwhere: kernel', some);
  assert.match(inKernel ?? '', /this version can't do kill_process in the kernel/);
});

test('what is pinned can only be refused by the kernel', () => {
  const errors = (action: string): string[] =>
    read(`responses:\n  pinned: true\n  actions:\n  - {name: it, match: {rules: [A]}, ${action}}\n`).diagnostics.map(
      (diagnostic) => renderDiagnostic(diagnostic),
    );
  assert.deepEqual(errors('do: deny, where: kernel'), []);
  assert.deepEqual(errors('do: kill_process'), []);
  const [error = '', ...others] = errors('do: kill_process, where: kernel');
  assert.deepEqual(others, []);
  assert.match(error, /CONFIG_CONFLICT.*wasprey\.yaml:2/s);
  assert.match(error, /responses\.pinned: response it kills, which takes a running agent/);
});
