// How sessions are printed and chosen, within bounds.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderSession } from '../../../host/cli/reports/session-report.ts';
import { SILENT } from '../../../host/diagnostics/terminal.ts';
import { isSelected } from '../../../host/journal/activity/select.ts';
import { commandsOf } from '../../../host/journal/activity/session.ts';
import { sessionJson } from '../../../host/journal/activity/session-json.ts';
import {
  CONTAINER_NAMES,
  host,
  inContainer,
  runcExec,
  sessionsOf,
  sshLogin,
} from '../../support/records/session-stories.ts';
import { CONTAINER_ID } from '../../support/records/story.ts';

test('sessions are chosen by container, pod, user and command', () => {
  const story = host()
    .snapshot(90, 71, '/usr/sbin/nginx', { ...inContainer, vpid: 1 }, CONTAINER_NAMES)
    .container('web', { pod_name: 'web-0', pod_namespace: 'shop' });
  runcExec(story, 100, 'sh');
  sshLogin(story);
  const sessions = sessionsOf([story]);
  const kinds = (selection: Parameters<typeof isSelected>[1]) =>
    sessions.filter((one) => isSelected(one, selection)).map(({ kind }) => kind);
  assert.deepEqual(kinds({ pod: 'web-0' }), ['exec']);
  assert.deepEqual(kinds({ namespace: 'shop', container: 'web' }), ['exec']);
  assert.deepEqual(kinds({ container: CONTAINER_ID }), ['exec']);
  assert.deepEqual(kinds({ container: CONTAINER_ID.slice(0, 6) }), ['exec']);
  assert.deepEqual(kinds({ container: 'we' }), []);
  assert.deepEqual(kinds({ user: 'alice' }), ['ssh']);
  assert.deepEqual(kinds({ user: '1000' }), ['ssh']);
  assert.deepEqual(kinds({ command: 'ash' }), ['ssh']);
  assert.deepEqual(kinds({ pod: 'web-0', user: 'alice' }), []);
});

test('names of traced processes neither control a terminal nor break a line, and lines fit', () => {
  const hostile = ['evil\x1b[2Jname', 'two\nlines', '\u202egnp', 'x'.repeat(500), "it's"];
  const story = sshLogin(host()).run(310, 302, hostile).wrote(310, '/tmp/\x1b]0;title\x07\n\u202e');
  const ssh = sessionsOf([story]).find(({ kind }) => kind === 'ssh');
  assert.ok(ssh);
  const terminal = { ...SILENT, interactive: true, width: 80 };
  for (const full of [false, true]) {
    const text = renderSession(ssh, { terminal, full });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
  }
  const json = sessionJson(ssh);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  assert.doesNotMatch(json, /[\x00-\x1f\x7f-\x9f\u202e]/);
  assert.equal(JSON.parse(json).commands[0].commands[0].arguments[2], '\u202egnp');
});

test('a deep tree and a long session stay within bounds', () => {
  const story = sshLogin(host());
  for (let pid = 1000; pid < 1400; pid++) story.run(pid, pid === 1000 ? 302 : pid - 1, `deep ${pid}`);
  const ssh = sessionsOf([story]).find(({ kind }) => kind === 'ssh');
  assert.ok(ssh);
  assert.equal([...commandsOf(ssh)].length, 401);
  assert.ok(Math.max(...[...commandsOf(ssh)].map(({ depth }) => depth)) <= 64);
  assert.equal(JSON.parse(sessionJson(ssh)).session, ssh.id);
});
