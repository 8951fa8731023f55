// proc.*, thread.* and user.*: what is computed from a process image and its relatives.

import { EVENT_FLAGS } from '../../schema/event-structs.ts';
import { CAPABILITIES } from '../../schema/flags.ts';
import { CGROUP_SUBSYSTEMS, IMAGE_FLAGS, ROOT_PID_NAMESPACE } from '../../schema/image.ts';
import type { ComputedField, ComputedFields } from '../context.ts';
import { innermostNumber } from '../procfs.ts';
import type { EventRecord, ImageRecord } from '../record.ts';
import { type Absent, boolean, concatenate, type FieldValue, integer, splitAtNul, text } from '../value.ts';

const EMPTY = new Uint8Array(0);
const UNSET_LOGIN = 0xffffffff;
const SHELL_SUFFIX = [0x73, 0x68]; // "sh"

function ofImage(value: (image: ImageRecord, argument: string | undefined) => FieldValue | Absent): ComputedField {
  return ({ image }, argument) => image && value(image, argument);
}

/** Arguments after argv[0]. */
export function argumentsOf(image: ImageRecord): Uint8Array[] {
  return splitAtNul(image.bytes('argv') ?? EMPTY).slice(1);
}

function flag(name: keyof typeof IMAGE_FLAGS): ComputedField {
  return ofImage((image) => boolean((image.number('flags') & IMAGE_FLAGS[name]) !== 0));
}

/** From a start to the event, in ns; absent when the start is not known. */
function age(of: (image: ImageRecord) => ImageRecord | undefined): ComputedField {
  return (event) => {
    const start = (event.image && of(event.image))?.big('start_time') ?? 0n;
    return start === 0n || start > event.time ? undefined : integer(event.time - start);
  };
}

/** From the executable's change time to a start, in ns; absent when either is not known or the change came later. */
function sinceChange(member: 'start_time' | 'pidns_start_time'): ComputedField {
  return ofImage((image) => {
    const changed = image.big('exe_ctime');
    const started = image.big(member);
    return changed === 0n || started <= changed ? undefined : integer(started - changed);
  });
}

/** A text of the leader of a session or process group; of the oldest known ancestor in it when the leader is gone; else empty. */
function leader(
  link: 'sessionLeader' | 'groupLeader',
  id: 'sid' | 'pgid' | 'vpgid',
  member: 'comm' | 'argv0' | 'executable',
): ComputedField {
  return ofImage((image) => text((image[link] ?? oldestSharing(image, id))?.bytes(member) ?? EMPTY));
}

function oldestSharing(image: ImageRecord, id: string): ImageRecord | undefined {
  const wanted = image.number(id);
  let oldest: ImageRecord | undefined;
  for (const ancestor of image.ancestors()) if (ancestor.number(id) === wanted) oldest = ancestor;
  return oldest;
}

function capabilities(member: string): ComputedField {
  return ofImage((image) => {
    const set = image.big(member);
    return text(CAPABILITIES.filter((_, bit) => (set >> BigInt(bit)) & 1n).join(' '));
  });
}

function isShell(image: ImageRecord): boolean {
  const name = image.bytes('comm');
  return name?.at(-2) === SHELL_SUFFIX[0] && name?.at(-1) === SHELL_SUFFIX[1];
}

function loginShell(image: ImageRecord): FieldValue | Absent {
  let oldest = isShell(image) ? image : undefined;
  for (const ancestor of image.ancestors()) if (isShell(ancestor)) oldest = ancestor;
  return oldest && integer(oldest.number('pid'));
}

function ancestorArguments(image: ImageRecord, argument: string | undefined): FieldValue | Absent {
  if (argument !== undefined) {
    const ancestor = image.ancestor(Number(argument));
    return ancestor && text(ancestor.bytes('args') ?? EMPTY);
  }
  const all = [...image.ancestors()].map((ancestor) => ancestor.bytes('args') ?? EMPTY);
  return text(concatenate(all, ' '));
}

function executableAndArguments(image: ImageRecord): FieldValue {
  return text(concatenate([image.bytes('argv0') ?? EMPTY, image.bytes('args') ?? EMPTY], ' '));
}

function loginUser(image: ImageRecord): FieldValue {
  const uid = image.number('login_uid');
  return integer(uid === UNSET_LOGIN ? -1 : uid);
}

function sameNumber(one: string, other: string): ComputedField {
  return ofImage((image) => boolean(image.number(one) === image.number(other)));
}

function isMain(event: EventRecord): boolean {
  return (event.number('flags') & EVENT_FLAGS.THREAD) === 0;
}

/** The image knows the main thread's; of others in a pid namespace of their own the kernel's record has the host's number alone. */
const threadNumber: ComputedField = (event, _, { isLive }) => {
  const { image } = event;
  if (!image) return undefined;
  if (isMain(event)) return integer(image.number('vpid'));
  const tid = event.number('tid');
  if (image.number('pid_namespace') === ROOT_PID_NAMESPACE) return integer(tid);
  const number = isLive ? innermostNumber(tid) : undefined;
  return number === undefined ? undefined : integer(number);
};

function ofMainThread(member: string): ComputedField {
  return (event) => event.image && integer(isMain(event) ? event.image.number(member) : 0);
}

/** There is one path for all: of the unified hierarchy, or on cgroup v1 that of pids, memory or cpu. */
const cgroupPath: ComputedField = ({ image }, subsystem = '') => {
  const path = CGROUP_SUBSYSTEMS.has(subsystem) ? image?.bytes('cgroup') : undefined;
  return path && text(path);
};

export const PROCESS_FIELDS: ComputedFields = {
  procExeline: ofImage(executableAndArguments),
  procCmdnargs: ofImage((image) => integer(argumentsOf(image).length)),
  procCmdlenargs: ofImage((image) => integer(argumentsOf(image).reduce((sum, item) => sum + item.length, 0))),
  procAargs: ofImage(ancestorArguments),
  procLoginshellid: ofImage(loginShell),
  procDuration: age((image) => image),
  procPpidDuration: age((image) => image.parent),
  procSname: leader('sessionLeader', 'sid', 'comm'),
  procSidExe: leader('sessionLeader', 'sid', 'argv0'),
  procSidExepath: leader('sessionLeader', 'sid', 'executable'),
  procPgidName: leader('groupLeader', 'pgid', 'comm'),
  procPgidExe: leader('groupLeader', 'pgid', 'argv0'),
  procPgidExepath: leader('groupLeader', 'pgid', 'executable'),
  procVpgidName: leader('groupLeader', 'vpgid', 'comm'),
  procVpgidExe: leader('groupLeader', 'vpgid', 'argv0'),
  procVpgidExepath: leader('groupLeader', 'vpgid', 'executable'),
  procIsSidLeader: sameNumber('sid', 'pid'),
  procIsPgidLeader: sameNumber('pgid', 'pid'),
  procIsVpgidLeader: sameNumber('vpgid', 'vpid'),
  procIsExeWritable: flag('EXE_WRITABLE'),
  procIsExeUpperLayer: flag('EXE_UPPER_LAYER'),
  procIsExeLowerLayer: flag('EXE_LOWER_LAYER'),
  procIsExeFromMemfd: flag('EXE_FROM_MEMFD'),
  procExeInoCtimeDurationProcStart: sinceChange('start_time'),
  procExeInoCtimeDurationPidnsStart: sinceChange('pidns_start_time'),
  threadIsmain: (event) => boolean(isMain(event)),
  threadVtid: threadNumber,
  threadCgroup: cgroupPath,
  threadVmsize: ofMainThread('vm_size'),
  threadVmrss: ofMainThread('vm_rss'),
  threadCapPermitted: capabilities('cap_permitted'),
  threadCapInheritable: capabilities('cap_inheritable'),
  threadCapEffective: capabilities('cap_effective'),
  userLoginuid: ofImage(loginUser),
};
