// Exports of made recordings: a replay of the savefile raises the alerts of a replay of the recording.

import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import type { RuleModule } from '../../../host/agent/modules/rule-module.ts';
import { process as processImage } from './built-agent.ts';
import { Folder, logEntry, replayRecording, type WrittenBlock, writeBlocks } from './recordings.ts';
import { exportRecording } from './scap-files.ts';

/** Every event is an alert with what rules read most, unless its file has another path that a rule asks for. */
export const EXPORT_RULES = `
- rule: Other path
  desc: d
  condition: fd.name = /mnt/tool
  output: other path of %evt.type
  priority: INFO
- rule: Everything
  desc: d
  condition: evt.num > 0
  output: >
    %evt.time %evt.type tid=%thread.tid pid=%proc.pid vpid=%proc.vpid name=%proc.name exe=%proc.exepath command=%proc.cmdline cwd=%proc.cwd
    parent=%proc.pname gparent=%proc.aname[2] pcmd=%proc.pcmdline sid=%proc.sid tty=%proc.tty uid=%user.uid user=%user.name gid=%group.gid
    login=%user.loginuid res=%evt.res file=%fd.name type=%fd.typechar l4=%fd.l4proto sip=%fd.sip sport=%fd.sport cip=%fd.cip changed=%fd.name_changed
    real=%fd.realpath flags=%evt.arg.flags mode=%evt.arg.mode target=%evt.arg.target path=%fs.path.name source=%fs.path.source
    container=%container.id name=%container.name caps=%thread.cap_effective writable=%proc.is_exe_writable env=%proc.env[A]
  priority: INFO
`;

export const CONTAINER_ID = '0123456789abcdef'.repeat(4);
export const START = 1_795_528_388_000_000_000n;

/** Kinds of images. */
export const [FORK, EXEC, EXIT, CHANGE, SNAPSHOT] = [1, 2, 3, 4, 5];

/** Alerts of a replay of these blocks, which are those of a replay of their savefile. */
export async function assertSame(module: RuleModule, blocks: readonly WrittenBlock[]): Promise<readonly string[]> {
  using folder = new Folder();
  const [recording, savefile] = [folder.file('a.wsp'), folder.file('a.scap')];
  writeFileSync(recording, writeBlocks(blocks).bytes);
  await exportRecording(recording, savefile);
  const [own, exported] = [await replayRecording(recording, module), await replayRecording(savefile, module)];
  assert.deepEqual(exported.report.damage, []);
  assert.equal(exported.malformed, 0);
  assert.deepEqual(comparable(exported.text), comparable(own.text));
  assert.equal(statSync(savefile).mode & 0o777, 0o600);
  return comparable(own.text);
}

/** An event of a container that is not known yet waits, and its alert says what it lacks; neither is known of a savefile. */
function comparable(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/ container\.metadata=\S+/, '')).sort();
}

/** A process with what savefiles have of it. */
export function image(id: number, input: Parameters<typeof processImage>[1]): Uint8Array {
  const common = { vpid: input.pid, start_time: START, login_uid: 0xffffffff, cap_effective: 0x1fffn };
  const isRoot = (input.uid ?? 0) === 0;
  const inContainer = typeof input.cgroup === 'string' && input.cgroup.includes('docker');
  return logEntry(processImage(id, { ...common, environment: 'A=b\0', ...input }), {
    ...(isRoot ? { home: '/root', shell: '/bin/sh' } : { user: '<NA>', group: '<NA>' }),
    ...(inContainer && { container: CONTAINER_ID, containerType: 'docker' }),
  });
}

export const AT = { time: START + 1_000_000_000n };

/** As the kernel reports an opened file: it has a new name. */
export const FILE = { kind: 'f'.charCodeAt(0), dirfd: -100, state: 2 };
