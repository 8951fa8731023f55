// Fields of the process: members of its image and of its ancestors' images.

import { CAPABILITIES } from '../../schema/flags.ts';
import { accessorName } from '../../schema/generate/assemblyscript.ts';
import { CGROUP_SUBSYSTEMS, IMAGE, ROOT_PID_NAMESPACE } from '../../schema/image.ts';
import { member } from '../../schema/layout.ts';
import { contentHash } from '../assemble/cache.ts';
import { code } from '../ir.ts';
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

/** A member of the image whose address is `image` (an AssemblyScript expression). */
export function imageMember(name: string, image = 'image', zeroIsAbsent = false): Operand {
  const { type } = member(IMAGE, name);
  const call = `${accessorName('image', name)}(${image})`;
  if (type === 'string') return text(call, 'image');
  const value = number(type === 'u64' ? call : `i64(${call})`, 'image', type === 'u64');
  const known = zeroIsAbsent ? present(code(`${call} != 0`, 'image'), value) : value;
  // Texts of address 0 are absent by themselves; numbers there would read 0.
  return image === 'image' ? known : present(code(`${image} != 0`, 'image'), known);
}

/** The image `hops` parents up, as an expression. */
export function ancestorImage(hops: number): string {
  if (hops > 4) return `ancestor(image, ${hops})`;
  let image = 'image';
  for (let hop = 0; hop < hops; hop++) image = `imageParentAddress(${image})`;
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
  return text(`${nearest}(image)`, 'image');
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

function capabilities(name: string): Operand {
  const names = CAPABILITIES.map((capability, bit) => ({
    name: toBytes(capability),
    mask: 1n << BigInt(bit),
    equals: 1n << BigInt(bit),
  }));
  return {
    kind: 'names',
    code: `${accessorName('image', name)}(image)`,
    scope: 'image',
    names,
    separator: ' ',
    none: '',
  };
}

/** A text of the leader of a session or process group; of the oldest known ancestor in it when the leader is gone; else empty. */
function leader(pointer: string, id: string, name: string): Operand {
  const address = `${accessorName('image', pointer)}(image)`;
  const accessor = accessorName('image', name);
  const oldest = `oldestOf${accessorName('', id)}(image)`;
  return text(`orEmpty(${accessor}(${address} != 0 ? ${address} : ${oldest}))`, 'image');
}

const flag = (name: string): Operand => boolean(code(`(imageFlags(image) & IMAGE_FLAG_${name}) != 0`, 'image'));
const MAIN_THREAD = code('(headerFlags(event) & EVENT_FLAG_THREAD) == 0', 'event');
const ofMainThread = (kilobytes: string): Operand =>
  either(MAIN_THREAD, number(`i64(${kilobytes})`, 'image'), number('i64(0)', 'image'));
const parent = 'imageParentAddress(image)';
const age = (start: string, image: string): Operand =>
  present(
    code(`${image} != 0 && ${start} != 0 && ${start} <= headerTime(event)`, 'event'),
    number(`i64(headerTime(event) - ${start})`, 'event'),
  );
const since = (from: string, to: string): Operand =>
  present(code(`${from} != 0 && ${to} > ${from}`, 'image'), number(`i64(${to} - ${from})`, 'image'));

/** Fields with a source of `computed`, by name. */
export const PROCESS_OPERANDS: Readonly<
  Record<string, (argument: string | undefined, context: LoweringContext) => Operand>
> = {
  'proc.exeline': () => ({
    kind: 'pieces',
    pieces: [
      { kind: 'text', code: 'imageArgv0(image)', scope: 'image' },
      { kind: 'bytes', bytes: ' ' },
      { kind: 'text', code: 'imageArgs(image)', scope: 'image' },
    ],
  }),
  'proc.cmdnargs': () => number('i64(max<i32>(i32(itemCount(imageArgv(image))) - 1, 0))', 'image'),
  // The bytes of the arguments: the blanks that join them don't count.
  'proc.cmdlenargs': () =>
    number('i64(lengthOf(imageArgs(image))) - i64(max<i32>(i32(itemCount(imageArgv(image))) - 2, 0))', 'image'),
  'proc.aargs': (argument, context) => {
    if (argument !== undefined) return imageMember('args', ancestorImage(Number(argument)));
    context.warn(
      'condition-not-supported',
      'proc.aargs without an index is not supported in conditions; it counts as absent',
    );
    return ABSENT;
  },
  'proc.loginshellid': () =>
    present(code('loginShell(image) != 0', 'image', 20), number('i64(loginShell(image))', 'image')),
  'proc.duration': () => age('imageStartTime(image)', 'image'),
  'proc.ppid.duration': () => age(`imageStartTime(${parent})`, parent),
  'proc.sname': () => leader('session_address', 'sid', 'comm'),
  'proc.sid.exe': () => leader('session_address', 'sid', 'argv0'),
  'proc.sid.exepath': () => leader('session_address', 'sid', 'executable'),
  'proc.pgid.name': () => leader('group_leader_address', 'pgid', 'comm'),
  'proc.pgid.exe': () => leader('group_leader_address', 'pgid', 'argv0'),
  'proc.pgid.exepath': () => leader('group_leader_address', 'pgid', 'executable'),
  'proc.vpgid.name': () => leader('group_leader_address', 'vpgid', 'comm'),
  'proc.vpgid.exe': () => leader('group_leader_address', 'vpgid', 'argv0'),
  'proc.vpgid.exepath': () => leader('group_leader_address', 'vpgid', 'executable'),
  'proc.is_sid_leader': () => boolean(code('imageSid(image) == imagePid(image)', 'image')),
  'proc.is_pgid_leader': () => boolean(code('imagePgid(image) == imagePid(image)', 'image')),
  'proc.is_vpgid_leader': () => boolean(code('imageVpgid(image) == imageVpid(image)', 'image')),
  'proc.is_exe_writable': () => flag('EXE_WRITABLE'),
  'proc.is_exe_upper_layer': () => flag('EXE_UPPER_LAYER'),
  'proc.is_exe_lower_layer': () => flag('EXE_LOWER_LAYER'),
  'proc.is_exe_from_memfd': () => flag('EXE_FROM_MEMFD'),
  'proc.exe_ino.ctime_duration_proc_start': () => since('imageExeCtime(image)', 'imageStartTime(image)'),
  'proc.exe_ino.ctime_duration_pidns_start': () => since('imageExeCtime(image)', 'imagePidnsStartTime(image)'),
  'thread.ismain': () => boolean(MAIN_THREAD),
  // Of other threads in a pid namespace of their own the record has no number: absent.
  'thread.vtid': () =>
    either(
      MAIN_THREAD,
      number('i64(imageVpid(image))', 'image'),
      present(
        code(`imagePidNamespace(image) == ${ROOT_PID_NAMESPACE}`, 'image'),
        number('i64(headerTid(event))', 'event'),
      ),
    ),
  'thread.cgroup': (argument = '') => (CGROUP_SUBSYSTEMS.has(argument) ? imageMember('cgroup') : ABSENT),
  'thread.vmsize': () => ofMainThread('imageVmSize(image)'),
  'thread.vmrss': () => ofMainThread('imageVmRss(image)'),
  'thread.cap_permitted': () => capabilities('cap_permitted'),
  'thread.cap_inheritable': () => capabilities('cap_inheritable'),
  'thread.cap_effective': () => capabilities('cap_effective'),
  'user.loginuid': () => number('i64(i32(imageLoginUid(image)))', 'image'),
  'proc.args': (argument) => text(`orEmpty(itemOf(imageArgv(image), ${Number(argument) + 1}))`, 'image'),
  'proc.env': (argument, context) =>
    text(`orEmpty(${valueFunction('=', argument ?? '', context)}(imageEnvironment(image)))`, 'image'),
  'proc.is_container_healthcheck': () => boolean(code('false', 'image')),
  'proc.is_container_liveness_probe': () => boolean(code('false', 'image')),
  'proc.is_container_readiness_probe': () => boolean(code('false', 'image')),
};
