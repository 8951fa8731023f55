// Keys of Falco, of now and of earlier versions, that have no effect here.

import { unused } from '../../config-values/value-types.ts';

const GRPC = 'There is no gRPC server; Falco no longer has one either.';
const DRIVER = 'Falco no longer has it, and here there is nothing that it could set.';

export const UNUSED_KEYS = {
  plugins: unused(
    'There are no plugins: what the container plugin supplies is built in. Of its init_config, `engines` is applied, as container_engines.',
  ),
  capture: unused(
    'Rules start no recordings, nor do their keys capture and capture_duration: one needs all processes from its first event on, which the running engine does not hand out later. `wasprey capture` records beside it, and `wasprey replay` finds the alerts again.',
  ),
  libs_logger: unused('There is one log, with one level: log_level.'),
  syscall_event_timeouts: unused('A worker that does not give a sign of life is told by /healthz.'),
  falco_libs: unused(
    'There is no thread table; processes take a fixed amount of memory, and I/O data are the first 80 bytes.',
  ),
  grpc: unused(GRPC),
  grpc_output: unused(GRPC),
  gvisor: unused('gVisor is not watched; Falco no longer does it either.'),
  metadata_download: unused(DRIVER),
  syscall_buf_size_preset: unused(DRIVER),
  syscall_drop_failed_exit: unused(DRIVER),
  modern_bpf: unused(DRIVER),
  outputs: unused('Falco no longer limits the rate of alerts this way.'),
} as const;
