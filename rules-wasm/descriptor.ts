// The file or socket that a call works on: values that take more than a load. Its members have the same place in every shape of event
// with a descriptor.

import {
  descriptorKind,
  descriptorLocalAddress,
  descriptorLocalPort,
  descriptorName,
  descriptorOtherView,
  descriptorRaw,
  descriptorRemoteAddress,
  descriptorRemotePort,
  descriptorRole,
  EVENT_FLAG_RESOLVED_VIEW,
  headerFlags,
  ROLE_NONE,
  ROLE_SERVER,
} from './generated/accessors';
import { dirname, emptyText, orEmpty } from './text';

/** An IPv4 or IPv6 socket. */
// @ts-ignore: decorator
@inline function isSocket(event: u32): bool {
  const kind = descriptorKind(event);
  return kind == 0x34 || kind == 0x36;
}

/** One that has a peer: a port or an address is not 0. One that only listens or is bound has none. */
function hasPeer(event: u32): bool {
  const address = descriptorRemoteAddress(event);
  if (descriptorRemotePort(event) != 0 || load<u32>(address) != 0) return true;
  return descriptorKind(event) == 0x36 && (load<u32>(address, 4) != 0 || load<u64>(address, 8) != 0);
}

function hasRole(event: u32): bool {
  return isSocket(event) && descriptorRole(event) != ROLE_NONE;
}

// Missing ports are -1.

export function fdLport(event: u32): i32 {
  return hasRole(event) ? i32(descriptorLocalPort(event)) : -1;
}

export function fdRport(event: u32): i32 {
  return hasRole(event) && hasPeer(event) ? i32(descriptorRemotePort(event)) : -1;
}

export function fdCport(event: u32): i32 {
  return descriptorRole(event) == ROLE_SERVER ? fdRport(event) : fdLport(event);
}

export function fdSport(event: u32): i32 {
  return descriptorRole(event) == ROLE_SERVER ? fdLport(event) : fdRport(event);
}

// Addresses of 16 bytes; 0 if missing. A socket that is bound or listens has a server's end and a local port, but no local address, as in
// Falco.

export function fdLip(event: u32): u32 {
  return hasRole(event) && hasPeer(event) ? descriptorLocalAddress(event) : 0;
}

export function fdRip(event: u32): u32 {
  return hasRole(event) && hasPeer(event) ? descriptorRemoteAddress(event) : 0;
}

export function fdCip(event: u32): u32 {
  if (descriptorRole(event) == ROLE_SERVER) return fdRip(event);
  return hasRole(event) ? descriptorLocalAddress(event) : 0;
}

export function fdSip(event: u32): u32 {
  if (descriptorRole(event) == ROLE_SERVER) return isSocket(event) ? descriptorLocalAddress(event) : 0;
  return fdRip(event);
}

// The other end that fd.ip, fd.net and fd.port compare. A socket that listens or is bound has only its own end, which stands for both.

function isServerAlone(event: u32): bool {
  return descriptorRole(event) == ROLE_SERVER && !hasPeer(event);
}

export function fdOtherAddress(event: u32): u32 {
  return isServerAlone(event) ? descriptorLocalAddress(event) : descriptorRemoteAddress(event);
}

export function fdOtherPort(event: u32): u32 {
  return isServerAlone(event) ? u32(descriptorLocalPort(event)) : u32(descriptorRemotePort(event));
}

/** The directory part of fd.name, a directory's own name; absent if the name has no slash. */
export function fdDirectory(event: u32): u64 {
  const name = descriptorName(event);
  return descriptorKind(event) == 0x64 ? orEmpty(name) : dirname(name);
}

/**
 * The path as it was passed: empty for descriptors other than files. A descriptor of an earlier call (dup, fchmod) has no path, so its name
 * is used.
 */
export function fdNameraw(event: u32, guess: u32): u64 {
  const raw = descriptorRaw(event);
  const kind = u32(descriptorKind(event));
  const character = kind == 0 ? guess : kind;
  if (character == 0x66 || character == 0x64) return raw != 0 ? raw : orEmpty(descriptorName(event));
  return kind == 0 ? orEmpty(raw) : emptyText();
}

/** fd.openpath: the name by which the file was opened, whatever fd.name is in this view. */
export function fdOpenpath(event: u32): u64 {
  const next = isFurtherView(event) ? descriptorOtherView(event) : event;
  return descriptorName(isFurtherView(next) ? descriptorOtherView(next) : next);
}

/** Its other view is the next, or, of the last one, the first. */
function isFurtherView(event: u32): bool {
  return (headerFlags(event) & EVENT_FLAG_RESOLVED_VIEW) != 0;
}
