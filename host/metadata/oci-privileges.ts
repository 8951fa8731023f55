// Whether an OCI specification describes a privileged container.

import { asArray, asObject, at } from '../diagnostics/json-value.ts';
import { PRIVILEGED_CAPABILITIES } from '../schema/flags.ts';

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
