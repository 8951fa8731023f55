// fd.*: what a call works on.

import { DESCRIPTOR_TYPE_NAMES } from '../../schema/descriptor-types.ts';
import type { ComputedField, ComputedFields } from '../context.ts';
import { type Descriptor, descriptorOf, type End, hasState, protocolName, statDevice } from '../descriptor.ts';
import { directoryPart, lastPart } from '../path.ts';
import type { EventRecord } from '../record.ts';
import { NOT_AVAILABLE } from '../text.ts';
import { type Absent, boolean, type FieldValue, integer, text } from '../value.ts';

/** A field of any descriptor, there or not. */
function ofAny(value: (descriptor: Descriptor) => FieldValue | Absent): ComputedField {
  return (event) => {
    const descriptor = descriptorOf(event);
    return descriptor && value(descriptor);
  };
}

/** A field that is absent when the call failed and there is no descriptor. */
function ofKnown(value: (descriptor: Descriptor) => FieldValue | Absent): ComputedField {
  return ofAny((descriptor) => (descriptor.known ? value(descriptor) : undefined));
}

type Side = 'client' | 'server' | 'local' | 'remote';

function endOf(descriptor: Descriptor, side: Side): End | undefined {
  switch (side) {
    case 'local':
      return descriptor.local;
    case 'remote':
      return descriptor.remote;
    case 'client':
      return descriptor.isServer ? descriptor.remote : descriptor.local;
    case 'server':
      return descriptor.isServer ? descriptor.local : descriptor.remote;
  }
}

/** A bound socket that listens has a server's end and a local port, but no local address, as Falco has it. */
function address(side: Side): ComputedField {
  return ofKnown((descriptor) => {
    const end = endOf(descriptor, side);
    if (!end || (side === 'local' && !descriptor.remote)) return undefined;
    return { kind: 'address', bytes: end.address };
  });
}

/** The name that conditions compare the address with, if it has one. */
function nameOfAddress(side: Side): ComputedField {
  const read = address(side);
  return (event, argument, context) => {
    const value = read(event, argument, context);
    const name = value?.kind === 'address' ? context.names?.nameOf(value.bytes) : undefined;
    return name === undefined ? undefined : text(name);
  };
}

function port(side: Side): ComputedField {
  return ofKnown((descriptor) => {
    const end = endOf(descriptor, side);
    return end && integer(end.port);
  });
}

/** Service names are not looked up: the number, as text. */
function service(side: Side): ComputedField {
  return ofKnown((descriptor) => {
    const end = endOf(descriptor, side);
    return end && text(String(end.port));
  });
}

function state(name: Parameters<typeof hasState>[1]): ComputedField {
  return ofKnown((descriptor) => boolean(hasState(descriptor, name)));
}

function directory(descriptor: Descriptor): FieldValue | Absent {
  if (descriptor.kind === 'd') return text(descriptor.name);
  return descriptor.kind === 'f' || !descriptor.known ? text(directoryPart(descriptor.name)) : undefined;
}

function socketFamily(descriptor: Descriptor): FieldValue | Absent {
  switch (descriptor.kind) {
    case '4':
    case '6':
      return text('ip');
    case 'u':
      return text('unix');
    default:
      return undefined;
  }
}

/** The number that the call works on: its directory descriptor where it takes one. */
function number(event: EventRecord): FieldValue | Absent {
  if (!event.type.createsFd && !event.type.usesFd) return undefined;
  return integer(event.number('fd'));
}

/** The name by which it was opened, whichever of the two fd.name is. */
function openPath(event: EventRecord): FieldValue | Absent {
  const name = event.has('kind') ? event.passedView.bytes('name') : undefined;
  return name && text(name);
}

export const FD_FIELDS: ComputedFields = {
  fdNum: number,
  fdType: ofKnown((descriptor) => text(DESCRIPTOR_TYPE_NAMES[descriptor.kind] ?? NOT_AVAILABLE)),
  fdTypechar: ofAny((descriptor) => text(descriptor.kind)),
  fdName: ofAny((descriptor) => text(descriptor.name)),
  fdNameraw: ofAny((descriptor) => text(descriptor.raw)),
  fdOpenpath: openPath,
  fdDirectory: ofAny(directory),
  fdFilename: ofKnown((descriptor) => (descriptor.kind === 'f' ? text(lastPart(descriptor.name)) : undefined)),
  fdNameChanged: state('NAME_CHANGED'),
  fdConnected: state('CONNECTED'),
  fdIsUpperLayer: state('UPPER_LAYER'),
  fdIsLowerLayer: state('LOWER_LAYER'),
  fdIsServer: ofKnown((descriptor) => boolean(descriptor.isServer)),
  fdCip: address('client'),
  fdSip: address('server'),
  fdLip: address('local'),
  fdRip: address('remote'),
  fdCipName: nameOfAddress('client'),
  fdSipName: nameOfAddress('server'),
  fdLipName: nameOfAddress('local'),
  fdRipName: nameOfAddress('remote'),
  fdCport: port('client'),
  fdSport: port('server'),
  fdLport: port('local'),
  fdRport: port('remote'),
  fdCproto: service('client'),
  fdSproto: service('server'),
  fdLproto: service('local'),
  fdRproto: service('remote'),
  fdL4proto: ofKnown((descriptor) => text(protocolName(descriptor.protocol) ?? NOT_AVAILABLE)),
  fdSockfamily: ofKnown(socketFamily),
  fdDev: ofKnown((descriptor) => integer(statDevice(descriptor.device), 16)),
  fdDevMajor: ofKnown((descriptor) => integer(descriptor.device >>> 20)),
  fdDevMinor: ofKnown((descriptor) => integer(descriptor.device & 0xfffff)),
  fdIno: ofKnown((descriptor) => integer(descriptor.inode)),
};
