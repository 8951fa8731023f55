/* All BPF programs as one object: they share maps, and the walks that are global functions. */

#include "calls.bpf.c"
#include "lifecycle.bpf.c"
#include "changes.bpf.c"
#include "snapshot.bpf.c"
#include "trace_events.bpf.c"
#include "open.bpf.c"
#include "exec.bpf.c"
#include "network.bpf.c"
#include "send.bpf.c"
#include "receive.bpf.c"
#include "messages.bpf.c"
#include "path.bpf.c"
#include "paths.bpf.c"
#include "descriptor.bpf.c"
#include "process.bpf.c"
#include "passed.bpf.c"
#include "io_uring.bpf.c"
#include "io_uring_silent.bpf.c"
#include "compat.bpf.c"
#include "successes.bpf.c"
#include "enforce.bpf.c"
#include "enforce_lsm.bpf.c"
#include "enforce_peers.bpf.c"
#include "reader.bpf.c"

/* The kernel allows task storage and kernel reads only to GPL-compatible programs. */
char LICENSE[] SEC("license") = "Dual MIT/GPL";
