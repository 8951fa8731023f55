/* Run once by the thread that reads events, as a test run. It is the only way for the thread to get its id in the root
 * pid namespace, which identifies its own events. */

#include "maps.h"

SEC("raw_tp") int tell_reader(void *ctx) {
  struct capture_shared *control = capture();
  if (!control)
    return 0;
  control->reader = (u32)bpf_get_current_pid_tgid();
  control->reader_process = bpf_get_current_pid_tgid() >> 32;
  return 0;
}
