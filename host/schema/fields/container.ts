// Fields of the container that a process runs in. On the host id, name and type say "host".

import { CONTAINER_STATE, HOST_NAMESPACE } from '../container.ts';
import type { Derivation, MountPart, TextDerivation } from './derivation.ts';
import {
  all,
  always,
  boolean,
  CONTAINER,
  compare,
  HEADER,
  hasBit,
  IMAGE,
  join,
  minus,
  numberIf,
  ofContainer,
  present,
  text,
} from './derive.ts';
import type { Field } from './field.ts';
import { itemsOf, keyOf, member } from './of-container.ts';
import { RETIRED } from './unavailable.ts';

const [SOURCE, DESTINATION, MODE, WRITABLE, PROPAGATION] = [0, 1, 2, 3, 4] as const;
const NEVER = always(boolean(false));
const TIME = HEADER.number('time');

/** The runtime's answer; before it arrives, the start of the pid namespace of the process. */
const STARTED = CONTAINER.number('start_time');
const START = numberIf(
  compare(STARTED, '!=', 0),
  STARTED,
  numberIf(compare(CONTAINER.number('state'), '==', CONTAINER_STATE.HOST), STARTED, IMAGE.number('pidns_start_time')),
);

const NOT_KNOWN = 255;
const PRIVILEGED = present(
  compare(CONTAINER.number('privileged'), '!=', NOT_KNOWN),
  compare(CONTAINER.number('privileged'), '==', 1),
);

function hostNamespace(name: 'PID' | 'NETWORK' | 'IPC') {
  const known = CONTAINER.number('host_namespaces');
  return ofContainer(() => present(compare(known, '!=', 0), hasBit(known, HOST_NAMESPACE[name])), 'runtime');
}

/** A part of one mount, chosen by index or by one of its ends. */
function mount(name: string, description: string, derive: (argument: string) => Derivation): Field {
  const source = ofContainer(derive, 'runtime');
  return { name, type: 'CHARBUF', description, source, argument: 'required', argumentKind: 'either' };
}

function mountPart(part: MountPart, by: MountPart = SOURCE) {
  return (argument: string): TextDerivation => ({
    node: 'mountPart',
    mounts: CONTAINER.text('mounts'),
    part,
    mount: /^\d+$/.test(argument) ? Math.min(Number(argument), MOST_MOUNTS) : { by, glob: argument },
  });
}

/** Mounts past this one count as absent. */
const MOST_MOUNTS = 0xffff;

function wholeMount(argument: string): Derivation {
  const parts = [SOURCE, DESTINATION, MODE, WRITABLE, PROPAGATION].map((part) => mountPart(part)(argument));
  return join(...parts.flatMap((part, index) => (index === 0 ? [part] : [text(':'), part])));
}

export const CONTAINER_FIELDS: readonly Field[] = [
  {
    name: 'container.id',
    type: 'CHARBUF',
    description: 'First 12 characters of its id.',
    source: member('id', 'cgroup'),
  },
  { name: 'container.full_id', type: 'CHARBUF', description: 'Its full id.', source: member('full_id', 'cgroup') },
  { name: 'container.name', type: 'CHARBUF', description: 'Its name.', source: member('name', 'runtime') },
  {
    name: 'container.type',
    type: 'CHARBUF',
    description: 'Runtime, e.g. containerd.',
    source: member('type', 'runtime'),
  },
  { name: 'container.image', type: 'CHARBUF', description: 'Image with tag.', source: member('image', 'runtime') },
  {
    name: 'container.image.id',
    type: 'CHARBUF',
    description: 'Id of the image.',
    source: member('image_id', 'runtime'),
  },
  {
    name: 'container.image.repository',
    type: 'CHARBUF',
    description: 'Image without tag and digest.',
    source: member('image_repository', 'runtime'),
  },
  {
    name: 'container.image.tag',
    type: 'CHARBUF',
    description: 'Tag of the image.',
    source: member('image_tag', 'runtime'),
  },
  {
    name: 'container.image.digest',
    type: 'CHARBUF',
    description: 'Digest of the image in its registry.',
    source: member('image_digest', 'runtime'),
  },
  {
    name: 'container.privileged',
    type: 'BOOL',
    description: 'Runs privileged; absent if not known.',
    source: ofContainer(() => PRIVILEGED, 'runtime'),
  },
  { name: 'container.mounts', type: 'CHARBUF', description: 'All mounts.', source: member('mounts_text', 'runtime') },
  mount('container.mount', 'One mount, by index or source.', wholeMount),
  mount('container.mount.source', 'Source of a mount, by index or destination.', mountPart(SOURCE, DESTINATION)),
  mount('container.mount.dest', 'Destination of a mount, by index or source.', mountPart(DESTINATION)),
  mount('container.mount.mode', 'Mode of a mount, by index or source.', mountPart(MODE)),
  mount('container.mount.rdwr', 'Whether a mount may be written, by index or source.', mountPart(WRITABLE)),
  mount('container.mount.propagation', 'Propagation of a mount, by index or source.', mountPart(PROPAGATION)),
  { name: 'container.ip', type: 'CHARBUF', description: 'Its main IPv4 address.', source: member('ip', 'runtime') },
  {
    name: 'container.cni.json',
    type: 'CHARBUF',
    description: 'Network interfaces of its pod as made by CNI, in JSON; only from CRI.',
    source: member('cni', 'runtime'),
  },
  {
    name: 'container.host_pid',
    type: 'BOOL',
    description: "Uses the host's pid namespace; absent if not known.",
    source: hostNamespace('PID'),
  },
  {
    name: 'container.host_network',
    type: 'BOOL',
    description: "Uses the host's network namespace; absent if not known.",
    source: hostNamespace('NETWORK'),
  },
  {
    name: 'container.host_ipc',
    type: 'BOOL',
    description: "Uses the host's IPC namespace; absent if not known.",
    source: hostNamespace('IPC'),
  },
  {
    name: 'container.label',
    type: 'CHARBUF',
    description: 'One label.',
    source: keyOf('labels', '=', 'runtime'),
    argument: 'required',
    argumentKind: 'key',
  },
  { name: 'container.labels', type: 'CHARBUF', description: 'All labels.', source: member('labels_text', 'runtime') },
  {
    name: 'container.start_ts',
    type: 'ABSTIME',
    description: 'When it started.',
    source: ofContainer(() => present(compare(START, '!=', 0), START), 'runtime'),
  },
  {
    name: 'container.duration',
    type: 'RELTIME',
    description: 'Time since it started.',
    source: ofContainer(
      () => present(all(compare(START, '!=', 0), compare(START, '<=', TIME)), minus(TIME, START)),
      'runtime',
    ),
  },
  {
    name: 'container.user',
    type: 'CHARBUF',
    description: 'User configured for its first process, as name or number.',
    source: member('user', 'runtime'),
  },
  {
    name: 'container.env_names',
    type: 'CHARBUF',
    description: 'Names of the environment variables it was started with, without values.',
    source: itemsOf('env_names', 'runtime'),
    list: true,
  },
  { name: 'container.healthcheck', type: 'CHARBUF', description: 'Retired; absent.', source: RETIRED },
  { name: 'container.liveness_probe', type: 'CHARBUF', description: 'Retired; absent.', source: RETIRED },
  { name: 'container.readiness_probe', type: 'CHARBUF', description: 'Retired; absent.', source: RETIRED },
  {
    name: 'proc.is_container_healthcheck',
    type: 'BOOL',
    description: 'Retired; false.',
    source: NEVER,
  },
  {
    name: 'proc.is_container_liveness_probe',
    type: 'BOOL',
    description: 'Retired; false.',
    source: NEVER,
  },
  {
    name: 'proc.is_container_readiness_probe',
    type: 'BOOL',
    description: 'Retired; false.',
    source: NEVER,
  },
];
