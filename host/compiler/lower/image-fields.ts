// Fields of the process: members of its image and of its ancestors' images.

import { CAPABILITIES } from '../../schema/flags.ts';
import { CGROUP_SUBSYSTEMS, IMAGE, type IMAGE_FLAGS, ROOT_PID_NAMESPACE } from '../../schema/image.ts';
import { member } from '../../schema/layout.ts';
import { contentHash } from '../assemble/cache.ts';
import { FALSE, holds } from '../ir.ts';
import {
  arithmetic,
  both,
  call,
  callFunction,
  cast,
  choose,
  compare,
  flag,
  hasBits,
  IMAGE_ADDRESS,
  integer,
  isAbsent,
  isThere,
  type MemberOf,
  memberNamed,
  ofEvent,
  ofImage,
  type Value,
  ZERO,
} from '../value.ts';
import {
  ABSENT,
  boolean,
  either,
  type LoweringContext,
  number,
  type Operand,
  present,
  text,
  toBytes,
} from './operand.ts';

/** A member of the image at an address. */
export function imageMember(name: string, image = IMAGE_ADDRESS, zeroIsAbsent = false): Operand {
  const { type } = member(IMAGE, name);
  const read = memberNamed('image', name, image);
  if (!read) return ABSENT;
  if (type === 'string') return text(read, 'image');
  const value = number(type === 'u64' ? read : cast('i64', read), 'image', type === 'u64');
  const known = zeroIsAbsent ? present(holds(isThere(read), 'image'), value) : value;
  // Texts of address 0 are absent by themselves; numbers there would read 0.
  return image === IMAGE_ADDRESS ? known : present(holds(isThere(image), 'image'), known);
}

/** The image `hops` parents up. */
export function ancestorImage(hops: number): Value {
  if (hops > 4) return call('ancestor', IMAGE_ADDRESS, integer(hops));
  let image = IMAGE_ADDRESS;
  for (let hop = 0; hop < hops; hop++) image = ofImage('parent_address', image);
  return image;
}

/** `proc.aname[2]`, `proc.aname`, `proc.aenv[PATH]`. */
export function ancestorField(name: string, argument: string | undefined, context: LoweringContext): Operand {
  if (argument === undefined) return { kind: 'ancestors', each: imageMember(name) };
  if (/^\d+$/.test(argument)) return imageMember(name, ancestorImage(Number(argument)));
  const lookup = valueFunction('=', argument, context);
  const nearest = `nearest_${lookup}`;
  context.define(
    nearest,
    `function ${nearest}(process: u32): u64 {
  let image = imageParentAddress(process);
  for (let depth = 0; image != 0 && depth < 20; ++depth) {
    const value = ${lookup}(imageEnvironment(image));
    if (value != 0) return value;
    image = imageParentAddress(image);
  }
  return 0;
}`,
  );
  return text(callFunction(nearest, IMAGE_ADDRESS), 'image');
}

/** Function that finds the value of a key in a list of `key=value` strings, or with another separator; absent if it isn't there. Yields its name. */
export function valueFunction(separator: string, key: string, context: LoweringContext): string {
  const bytes = toBytes(key + separator);
  const name = `valueOf_${key.replace(/[^A-Za-z0-9]/g, '_')}_${contentHash([separator, key]).slice(0, 12)}`;
  const tests = [...bytes].map((byte, index) => `load<u8>(at${index ? `, ${index}` : ''}) == ${byte.charCodeAt(0)}`);
  context.define(
    name,
    `// ${JSON.stringify(key)}
function ${name}(list: u64): u64 {
  let at = addressOf(list);
  const end = at + lengthOf(list);
  while (at < end) {
    let stop = at;
    while (stop < end && load<u8>(stop) != 0) ++stop;
    if (stop - at >= ${bytes.length} && ${tests.join(' && ')}) return textAt(at + ${bytes.length}, stop - at - ${bytes.length});
    at = stop + 1;
  }
  return 0;
}`,
  );
  return name;
}

function capabilities(name: MemberOf<'image', 'u64'>): Operand {
  const names = CAPABILITIES.map((capability, bit) => ({
    name: toBytes(capability),
    mask: 1n << BigInt(bit),
    equals: 1n << BigInt(bit),
  }));
  return {
    kind: 'names',
    value: ofImage(name),
    scope: 'image',
    names,
    separator: ' ',
    none: '',
  };
}

/** A text of the leader of a session or process group; of the oldest known ancestor in it when the leader is gone; else empty. */
function leader(
  pointer: 'session_address' | 'group_leader_address',
  oldest: 'oldestOfSid' | 'oldestOfPgid' | 'oldestOfVpgid',
  name: MemberOf<'image', 'string'>,
): Operand {
  const address = ofImage(pointer);
  const image = choose(isThere(address), address, call(oldest, IMAGE_ADDRESS));
  return text(call('orEmpty', ofImage(name, image)), 'image');
}

const hasFlag = (name: keyof typeof IMAGE_FLAGS): Operand =>
  boolean(holds(hasBits(ofImage('flags'), flag('IMAGE_FLAG', name)), 'image'));
const MAIN_THREAD = holds(isAbsent(arithmetic(ofEvent('header', 'flags'), '&', flag('EVENT_FLAG', 'THREAD'))), 'event');
const NOTHING = cast('i64', ZERO);
const ofMainThread = (kilobytes: Value): Operand =>
  either(MAIN_THREAD, number(cast('i64', kilobytes), 'image'), number(NOTHING, 'image'));
const PARENT = ofImage('parent_address');
const TIME = ofEvent('header', 'time');
const age = (start: Value, image: Value): Operand =>
  present(
    holds(both(isThere(image), isThere(start), compare(start, '<=', TIME)), 'event'),
    number(cast('i64', arithmetic(TIME, '-', start)), 'event'),
  );
const since = (from: Value, to: Value): Operand =>
  present(
    holds(both(isThere(from), compare(to, '>', from)), 'image'),
    number(cast('i64', arithmetic(to, '-', from)), 'image'),
  );
const same = (left: MemberOf<'image'>, right: MemberOf<'image'>): Operand =>
  boolean(holds(compare(ofImage(left), '==', ofImage(right)), 'image'));
/** `max<i32>(i32(itemCount(imageArgv(image))) - 1, 0)`: the number of arguments less some of them. */
const argumentsWithout = (count: number): Value =>
  cast('i64', {
    node: 'maximum',
    type: 'i32',
    left: arithmetic(cast('i32', call('itemCount', ofImage('argv'))), '-', integer(count)),
    right: ZERO,
  });
const LOGIN_SHELL = call('loginShell', IMAGE_ADDRESS);

/** Fields with a source of `computed`, by name. */
export const PROCESS_OPERANDS: Readonly<
  Record<string, (argument: string | undefined, context: LoweringContext) => Operand>
> = {
  'proc.exeline': () => ({
    kind: 'pieces',
    pieces: [
      { kind: 'text', value: ofImage('argv0'), scope: 'image' },
      { kind: 'bytes', bytes: ' ' },
      { kind: 'text', value: ofImage('args'), scope: 'image' },
    ],
  }),
  'proc.cmdnargs': () => number(argumentsWithout(1), 'image'),
  // The bytes of the arguments: the blanks that join them don't count.
  'proc.cmdlenargs': () =>
    number(arithmetic(cast('i64', call('lengthOf', ofImage('args'))), '-', argumentsWithout(2)), 'image'),
  'proc.aargs': (argument, context) => {
    if (argument !== undefined) return imageMember('args', ancestorImage(Number(argument)));
    context.warn(
      'condition-not-supported',
      'proc.aargs without an index is not supported in conditions; it counts as absent',
    );
    return ABSENT;
  },
  'proc.loginshellid': () =>
    present(holds(isThere(LOGIN_SHELL), 'image', 20), number(cast('i64', LOGIN_SHELL), 'image')),
  'proc.duration': () => age(ofImage('start_time'), IMAGE_ADDRESS),
  'proc.ppid.duration': () => age(ofImage('start_time', PARENT), PARENT),
  'proc.sname': () => leader('session_address', 'oldestOfSid', 'comm'),
  'proc.sid.exe': () => leader('session_address', 'oldestOfSid', 'argv0'),
  'proc.sid.exepath': () => leader('session_address', 'oldestOfSid', 'executable'),
  'proc.pgid.name': () => leader('group_leader_address', 'oldestOfPgid', 'comm'),
  'proc.pgid.exe': () => leader('group_leader_address', 'oldestOfPgid', 'argv0'),
  'proc.pgid.exepath': () => leader('group_leader_address', 'oldestOfPgid', 'executable'),
  'proc.vpgid.name': () => leader('group_leader_address', 'oldestOfVpgid', 'comm'),
  'proc.vpgid.exe': () => leader('group_leader_address', 'oldestOfVpgid', 'argv0'),
  'proc.vpgid.exepath': () => leader('group_leader_address', 'oldestOfVpgid', 'executable'),
  'proc.is_sid_leader': () => same('sid', 'pid'),
  'proc.is_pgid_leader': () => same('pgid', 'pid'),
  'proc.is_vpgid_leader': () => same('vpgid', 'vpid'),
  'proc.is_exe_writable': () => hasFlag('EXE_WRITABLE'),
  'proc.is_exe_upper_layer': () => hasFlag('EXE_UPPER_LAYER'),
  'proc.is_exe_lower_layer': () => hasFlag('EXE_LOWER_LAYER'),
  'proc.is_exe_from_memfd': () => hasFlag('EXE_FROM_MEMFD'),
  'proc.exe_ino.ctime_duration_proc_start': () => since(ofImage('exe_ctime'), ofImage('start_time')),
  'proc.exe_ino.ctime_duration_pidns_start': () => since(ofImage('exe_ctime'), ofImage('pidns_start_time')),
  'thread.ismain': () => boolean(MAIN_THREAD),
  // Of other threads in a pid namespace of their own the record has no number: absent.
  'thread.vtid': () =>
    either(
      MAIN_THREAD,
      number(cast('i64', ofImage('vpid')), 'image'),
      present(
        holds(compare(ofImage('pid_namespace'), '==', integer(ROOT_PID_NAMESPACE)), 'image'),
        number(cast('i64', ofEvent('header', 'tid')), 'event'),
      ),
    ),
  'thread.cgroup': (argument = '') => (CGROUP_SUBSYSTEMS.has(argument) ? imageMember('cgroup') : ABSENT),
  'thread.vmsize': () => ofMainThread(ofImage('vm_size')),
  'thread.vmrss': () => ofMainThread(ofImage('vm_rss')),
  'thread.cap_permitted': () => capabilities('cap_permitted'),
  'thread.cap_inheritable': () => capabilities('cap_inheritable'),
  'thread.cap_effective': () => capabilities('cap_effective'),
  'user.loginuid': () => number(cast('i64', cast('i32', ofImage('login_uid'))), 'image'),
  'proc.args': (argument) =>
    text(call('orEmpty', call('itemOf', ofImage('argv'), integer(Number(argument) + 1))), 'image'),
  'proc.env': (argument, context) =>
    text(call('orEmpty', callFunction(valueFunction('=', argument ?? '', context), ofImage('environment'))), 'image'),
  'proc.is_container_healthcheck': () => boolean(FALSE),
  'proc.is_container_liveness_probe': () => boolean(FALSE),
  'proc.is_container_readiness_probe': () => boolean(FALSE),
};
