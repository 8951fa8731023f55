// Which responses can act on alerts of which source.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actsOn, misplacedResponses } from '../../../host/responses/acted-sources.ts';
import { boundTo } from '../../../host/responses/bound-response.ts';
import { sourcesOfUnless } from '../../../host/responses/unless.ts';
import { UnlessError } from '../../../host/responses/unless-error.ts';
import { responseOf } from '../../support/responses/response-sets.ts';

const CALL = { name: 'Shell', tags: ['t'], priority: 'Critical', source: 'syscall' } as const;
const REQUEST = { name: 'Exec', tags: ['t'], priority: 'Notice', source: 'k8s_audit' } as const;

test('an action on a process or a container is for system calls, one on a pod for both', () => {
  for (const [action, onRequests] of [
    ['kill_process', false],
    ['kill_process_tree', false],
    ['stop_container', false],
    ['kill_container', false],
    ['pause_container', false],
    ['isolate_container', false],
    ['delete_pod', true],
    ['label_pod', true],
  ] as const) {
    assert.equal(actsOn(responseOf({ action }), REQUEST), onRequests, action);
    assert.ok(actsOn(responseOf({ action }), CALL), action);
  }
  assert.ok(!actsOn(responseOf({ action: 'deny', where: 'kernel' }), REQUEST));
  assert.ok(!actsOn(responseOf({ action: 'delete_pod', match: { rules: ['Shell'] } }), REQUEST));
});

test('`unless` is of the source that has its fields', () => {
  assert.deepEqual(sourcesOfUnless('proc.name = sh'), ['syscall']);
  assert.deepEqual(sourcesOfUnless('ka.user.name startswith "system:" or jevt.value[/verb] = get'), ['k8s_audit']);
  assert.deepEqual(sourcesOfUnless('evt.rawtime > 0'), ['syscall', 'k8s_audit']);
  for (const [text, message] of [
    ['ka.usr.name = a', /unknown field ka\.usr\.name/],
    ['proc.nmae = a', /unknown field proc\.nmae/],
    // Not of one source.
    ['ka.verb = get and proc.name = sh', /unknown field proc\.name|is a field of/],
    ['ka.verb startswith get and ka.verb < 3x', /./],
    ['ka.verb in (some_list_name) and kevt', /unknown macro kevt/],
  ] as const) {
    assert.throws(
      () => sourcesOfUnless(text),
      (error: unknown) => error instanceof UnlessError && message.test(error.message),
    );
  }
});

test('each source has its own guards', () => {
  const responses = [
    responseOf({ name: 'a', action: 'label_pod', unless: 'proc.name = sh' }),
    responseOf({ name: 'b', action: 'label_pod', unless: 'ka.verb = get' }),
    responseOf({ name: 'c', action: 'label_pod', unless: 'evt.rawtime > 0' }),
    responseOf({ name: 'd', action: 'label_pod' }),
  ];
  const names = (rule: typeof CALL | typeof REQUEST) =>
    boundTo(rule, responses).map(({ response: { name }, guard }) => [name, guard]);
  assert.deepEqual(names(CALL), [
    ['a', 0],
    ['c', 1],
    ['d', undefined],
  ]);
  assert.deepEqual(names(REQUEST), [
    ['b', 0],
    ['c', 1],
    ['d', undefined],
  ]);
});

test('a response that can act on none of its rules is an error that says why', () => {
  const only = { match: { rules: ['Exec'] } };
  const misplaced = misplacedResponses(
    [
      responseOf({ ...only, name: 'kill', action: 'kill_process' }),
      responseOf({ ...only, name: 'deny', action: 'deny', where: 'kernel' }),
      responseOf({ ...only, name: 'label', action: 'label_pod', unless: 'proc.name = sh' }),
      responseOf({ name: 'other', match: { rules: ['Shell'] }, action: 'label_pod', unless: 'ka.verb = get' }),
      // These act on rules of one source.
      responseOf({ name: 'both', match: { tags: ['t'] } }),
      responseOf({ name: 'both, excepted', match: { tags: ['t'] }, action: 'label_pod', unless: 'ka.verb = get' }),
      responseOf({ name: 'none', match: { rules: ['Nothing'] } }),
    ],
    [CALL, REQUEST],
  );
  assert.deepEqual(
    misplaced.map(({ response, key, message }) => [response, key, message]),
    [
      [
        0,
        'do',
        'the rules that response kill is for are of source k8s_audit, whose events have no process and no container: kill_process is for rules of source syscall',
      ],
      [
        1,
        'where',
        'the rules that response deny is for are of source k8s_audit, whose events the kernel does not see: where: kernel is for rules of source syscall',
      ],
      [
        2,
        'unless',
        'the rules that response label is for are of source k8s_audit, and its `unless` reads fields of source syscall',
      ],
      [
        3,
        'unless',
        'the rules that response other is for are of source syscall, and its `unless` reads fields of source k8s_audit',
      ],
    ],
  );
  for (const { help } of misplaced) assert.notEqual(help, '');
});
