// `wasprey activity --audit-log`: sessions with their Kubernetes users, and requests without a session.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { execEvents, type MadeRequest } from '../../support/audit/exec-events.ts';
import { waspreyIn } from '../../support/command-line.ts';
import { Folder } from '../../support/records/recordings.ts';
import { CONTAINER_ID, Story } from '../../support/records/story.ts';

const folder = new Folder();
after(() => folder[Symbol.dispose]());

function activity(...words: string[]) {
  const { status, stdout, stderr } = waspreyIn({ env: { ...process.env, TZ: 'UTC' } }, 'activity', ...words);
  return { status, stdout: stdout.replaceAll(/^[0-9a-f]{8}/gm, 'ID'), stderr };
}

const place = { pid_namespace: 0xf0000154, cgroup: `/kubepods/pod1/${CONTAINER_ID}` };
const names = { container: CONTAINER_ID, containerType: 'containerd' };
const story = new Story()
  .snapshot(71, 1, '/usr/bin/containerd-shim-runc-v2')
  .snapshot(90, 71, '/usr/sbin/nginx', { ...place, vpid: 1 }, names)
  .container('web', { pod_name: 'web-0', pod_namespace: 'shop' });
const times: number[] = [];
/** Its program begins two seconds after its process, by when the request may be over: somebody in the container has stopped it. */
function exec(pid: number, words: readonly string[]): void {
  story.fork(pid, 71);
  times.push(Number(story.now / 1_000_000n));
  story.change(pid, place, names).exec(pid, words).exit(pid);
}
exec(100, ['sh', '-c', 'id; true']);
exec(101, ['/bin/sh', '/usr/local/bin/report', '--password', 's3cret']);
exec(102, ['sh']);
exec(103, ['sh']);
// What is typed into the container's own program is done by it.
story.fork(104, 90).exec(104, ['id']).exit(104);
const record = folder.file('node.wsp');
writeFileSync(record, story.bytes);

const [first = 0, second = 0, third = 0, fourth = 0] = times;
const requests: readonly Omit<MadeRequest, 'id'>[] = [
  { user: 'alice', words: ['sh', '-c', 'id; true'], container: 'web', received: first - 100, ended: first + 500 },
  // Of a script the process has the interpreter as well.
  { user: 'bob', words: ['report', '--password', 's3cret'], received: second - 100 },
  { user: 'alice', words: ['sh'], received: third - 200 },
  { user: 'bob', words: ['sh'], received: third - 100 },
  { user: 'alice', words: [], received: fourth, subresource: 'portforward' },
  { user: 'mallory', words: ['sh'], pod: 'web-1', received: fourth, status: 403 },
  { user: 'carol', words: [], received: first - 3_600_000, subresource: 'attach' },
  { user: 'carol', words: [], received: fourth + 1, subresource: 'attach' },
  { user: 'mallory', words: [], received: fourth + 2, subresource: 'attach', status: 403 },
];
const events = requests.flatMap((request, index) => execEvents({ id: `id-${index}`, ...request }));
const log = folder.file('audit.log');
const [lone, ...others] = events;
const lines = [lone, lone, { kind: 'EventList', items: others }, { kind: 'Event', objectRef: { resource: 'secrets' } }];
writeFileSync(log, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{"exec": \n`);

test('sessions have the name of their user, or of all who it may be, and further requests are listed', () => {
  const { status, stdout, stderr } = activity(record, '--audit-log', log);
  assert.equal(status, 0, stderr);
  const lines = stdout.split('\n').filter((line) => /^ID {2}exec|to pod/.test(line));
  assert.deepEqual(
    lines.map((line) =>
      line.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, 'TIME').replace(/session [0-9a-f]{8}$/, 'session ID'),
    ),
    [
      'ID  exec  root (Kubernetes user alice) in pod shop/web-0, container web',
      'ID  exec  root (Kubernetes user bob) in pod shop/web-0, container web',
      'ID  exec  root (one of Kubernetes users alice, bob) in pod shop/web-0, container web',
      'ID  exec  root (one of Kubernetes users alice, bob) in pod shop/web-0, container web',
      '  TIME  portforward by Kubernetes user alice to pod shop/web-0, from 203.0.113.9 by kubectl/v1.20.0',
      '  TIME  exec by Kubernetes user mallory to pod shop/web-1, from 203.0.113.9 by kubectl/v1.20.0, refused',
      '  TIME  attach by Kubernetes user carol to pod shop/web-0, from 203.0.113.9 by kubectl/v1.20.0, to session ID',
      '  TIME  attach by Kubernetes user mallory to pod shop/web-0, from 203.0.113.9 by kubectl/v1.20.0, refused',
    ],
  );
  // Of a session that may be of two users there is none.
  assert.equal(stdout.match(/\d, from 203\.0\.113\.9 by kubectl\/v1\.20\.0, container/g)?.length, 2);
  assert.match(stderr, /^wasprey: 1 line of the audit log left out$/m);
  assert.doesNotMatch(stdout, /s3cret/);
});

test('--user finds what a Kubernetes user did, and may have done', () => {
  const { stdout } = activity(record, '--audit-log', log, '--user', 'alice', '--json');
  const found = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    found.map(({ kind, request, kubernetes, user }) => [kind ?? request, kubernetes?.match ?? user.name]),
    [
      ['exec', 'exact'],
      ['exec', 'ambiguous'],
      ['exec', 'ambiguous'],
      ['portforward', 'alice'],
    ],
  );
  assert.deepEqual(found[0].kubernetes, {
    match: 'exact',
    user: { name: 'alice', groups: ['system:authenticated'] },
    addresses: ['203.0.113.9'],
    userAgent: 'kubectl/v1.20.0',
  });
  assert.equal(activity(record, '--user', 'alice').stdout, '');
});

test('the program of the container that was attached to has the request, and no user', () => {
  const { stdout } = activity(record, '--audit-log', log, '--json');
  const found = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const own = found.find(({ kind }) => kind === 'container');
  assert.equal(own.kubernetes, undefined);
  assert.deepEqual(
    own.attached.map(({ request, user }: { request: string; user: { name: string } }) => [request, user.name]),
    [['attach', 'carol']],
  );
  assert.deepEqual(
    found.filter(({ request }) => request === 'attach').map(({ user, to }) => [user.name, to]),
    [
      ['carol', own.session],
      ['mallory', undefined],
    ],
  );
  assert.match(activity(record, '--audit-log', log).stdout, /attached to by carol at \d{4}-/);
});

test('requests that an agent has kept in its journal need no option', () => {
  const journal = folder.file('journal');
  mkdirSync(journal);
  writeFileSync(join(journal, 'a.wsp'), story.bytes);
  assert.doesNotMatch(activity(journal).stdout, /Kubernetes/);
  writeFileSync(join(journal, 'pod-requests.jsonl'), `${events.map((event) => JSON.stringify(event)).join('\n')}\n`);
  const { status, stdout, stderr } = activity(journal, '--user', 'alice');
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^ID {2}exec {2}root \(Kubernetes user alice\) in pod shop\/web-0/m);
});

test('requests of a stream name users for sure only in times of which all are known', () => {
  const journal = folder.file('journal-of-stream');
  mkdirSync(journal);
  writeFileSync(join(journal, 'a.wsp'), story.bytes);
  writeFileSync(join(journal, 'pod-requests.jsonl'), `${events.map((event) => JSON.stringify(event)).join('\n')}\n`);
  const state = join(journal, 'pod-request-stream.json');
  const shown = (...words: string[]): string => activity(journal, '--user', 'alice', ...words).stdout;
  const spans = [{ from: '0', to: String(BigInt(fourth + 60_000) * 1_000_000n) }];
  const certain = /^ID {2}exec {2}root \(Kubernetes user alice\) in pod shop\/web-0/m;
  const perhaps = /^ID {2}exec {2}root \(perhaps Kubernetes user alice\) in pod shop\/web-0/m;
  writeFileSync(state, JSON.stringify({ until: '0', coverage: { spans, withheld: [] } }));
  assert.match(shown(), certain);
  for (const text of ['', '{}', JSON.stringify({ until: '0', coverage: { spans: [], withheld: [] } })]) {
    writeFileSync(state, text);
    assert.match(shown(), perhaps);
    assert.doesNotMatch(shown(), certain);
  }
  // A log that is given counts as all of it.
  assert.match(shown('--audit-log', log), certain);
});

test('an audit log that is not there, and one that would have to be followed, are refused', () => {
  const absent = activity(record, '--audit-log', folder.file('nothing.log'));
  assert.equal(absent.status, 1);
  assert.match(absent.stderr, /can't read .*nothing\.log: /);
  assert.equal(activity(record, '--audit-log', log, '--follow').status, 2);
  assert.match(activity(record, '--audit-log', '/dev/null').stderr, /can't read \/dev\/null: it is not a regular file/);
});
