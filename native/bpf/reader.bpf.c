/* Run once by the thread that reads events, as a test run: the kernel tells nobody else the number that the thread has in
 * the root pid namespace, by which its own events are known. */

#include "maps.h"

SEC("raw_tp") int tell_reader(void *ctx) {
  struct capture_shared *control = capture();
  if (control)
    control->reader = (u32)bpf_get_current_pid_tgid();
  return 0;
}
