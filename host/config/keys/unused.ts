// Keys of current and earlier versions of Falco that have no effect here.

import { unused } from '../../config-values/value-types.ts';

const GRPC = 'There is no gRPC server; Falco no longer has one either.';
const DRIVER = 'Falco no longer has it, and it has no counterpart here.';

export const UNUSED_KEYS = {
  plugins: unused(
    'Plugins are not supported: the fields of the container plugin are built in. `engines` of its init_config is applied, as container_engines.',
  ),
  libs_logger: unused('There is one log, with one level: log_level.'),
  syscall_event_timeouts: unused('If the worker does not respond, /healthz fails.'),
  falco_libs: unused(
    'There is no thread table; processes use a fixed amount of memory, and I/O data are limited to the first 80 bytes.',
  ),
  grpc: unused(GRPC),
  grpc_output: unused(GRPC),
  gvisor: unused('gVisor is not supported; Falco no longer supports it either.'),
  metadata_download: unused(DRIVER),
  syscall_buf_size_preset: unused(DRIVER),
  syscall_drop_failed_exit: unused(DRIVER),
  modern_bpf: unused(DRIVER),
  outputs: unused('Falco no longer limits the rate of alerts this way.'),
} as const;
