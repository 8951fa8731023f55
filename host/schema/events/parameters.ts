// Parameters that many event types have.

import type { MemberPath, Parameter, ValueType } from '../types.ts';

export function parameter(name: string, type: ValueType, options: Omit<Parameter, 'name' | 'type'> = {}): Parameter {
  return { name, type, ...options };
}

export const RES = parameter('res', 'ERRNO', { member: 'result' });
export const FD_RESULT = parameter('fd', 'FD', { member: 'result' });
export const RES_PID = parameter('res', 'PID', { member: 'result' });
export const RES_FD = parameter('res', 'FD', { member: 'result' });
export const FD = parameter('fd', 'FD', { member: 'fd' });
export const DIRFD = parameter('dirfd', 'FD', { member: 'dirfd', directory: 'directory' });
export const DEV = parameter('dev', 'UINT32', { member: 'device' });
export const INO = parameter('ino', 'UINT64', { member: 'inode' });
export const OPEN_FLAGS = parameter('flags', 'FLAGS32', { member: 'open_flags', flags: 'file_flags' });
export const MODE_NUMBER = parameter('mode', 'UINT32', { member: 'mode' });
export const MODE_BITS = parameter('mode', 'MODE', { member: 'mode', flags: 'chmod_mode' });
export const PATH = parameter('path', 'FSPATH', { member: 'name', passed: 'raw' });
export const RELATIVE_PATH = parameter('path', 'FSRELPATH', { member: 'name', passed: 'raw' });
export const LENGTH = parameter('size', 'UINT32', { member: 'length' });
export const DATA = parameter('data', 'BYTEBUF', { member: 'data' });
export const TUPLE = parameter('tuple', 'SOCKTUPLE', { member: 'name' });
export const PASSED_ADDRESS = parameter('addr', 'SOCKADDR', { member: 'passed_address' });
export const OLD_PATH = parameter('oldpath', 'FSPATH', { member: 'old_name', passed: 'old_raw' });
export const NEW_PATH = parameter('newpath', 'FSPATH', { member: 'new_name', passed: 'new_raw' });
export const OLD_RELATIVE = parameter('oldpath', 'FSRELPATH', { member: 'old_name', passed: 'old_raw' });
export const NEW_RELATIVE = parameter('newpath', 'FSRELPATH', { member: 'new_name', passed: 'new_raw' });
export const OLD_DIRFD = parameter('olddirfd', 'FD', { member: 'old_dirfd', directory: 'old_directory' });
export const NEW_DIRFD = parameter('newdirfd', 'FD', { member: 'new_dirfd', directory: 'new_directory' });

/** The owner in calls that change a file's owner; 4294967295: unchanged. */
export const OWNER_UID = parameter('uid', 'UINT32', { member: 'owner' });
export const OWNER_GID = parameter('gid', 'UINT32', { member: 'group' });
/** The name of an extended attribute; Falco has no such event, and thus no name for the parameter. */
export const ATTRIBUTE = parameter('key', 'CHARBUF', { member: 'text' });

export function signal(member: MemberPath): Parameter {
  return parameter('sig', 'SIGTYPE', { member, flags: 'signals' });
}
