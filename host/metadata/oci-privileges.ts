// Whether an OCI specification describes a privileged container.

import { asArray, asObject, at } from '../diagnostics/json-value.ts';

/** A container with fewer capabilities than these is not privileged (a full set has 41, of which old kernels lack three). */
const PRIVILEGED_CAPABILITIES = 38;

/** The effect of `--privileged` in the engines: all capabilities, and all devices. */
export function isPrivileged(specification: unknown): boolean {
  const capabilities = asArray(at(specification, 'process', 'capabilities', 'bounding'));
  const devices = asArray(at(specification, 'linux', 'resources', 'devices'));
  const allDevices = devices.some((rule) => {
    const { allow, type = 'a', access } = asObject(rule) ?? {};
    return allow === true && type === 'a' && access === 'rwm' && at(rule, 'major') === undefined;
  });
  return capabilities.length >= PRIVILEGED_CAPABILITIES && allDevices;
}
