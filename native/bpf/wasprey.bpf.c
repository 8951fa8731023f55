/* All BPF programs as one object: they share maps, and the strings and walks that clang does not inline. */

#include "exec.bpf.c"
#include "lifecycle.bpf.c"
#include "open.bpf.c"

char LICENSE[] SEC("license") = "GPL";
