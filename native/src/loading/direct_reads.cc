#include "loading/direct_reads.h"

#include <bpf/libbpf.h>

#include "loading/bpf_error.h"

namespace wasprey {

/** libbpf looks for it in the same place when it loads a program. */
bool HasDirectReads() {
  BeginBpfLog();
  return libbpf_find_vmlinux_btf_id("bpf_rdonly_cast", BPF_TRACE_FENTRY) > 0;
}

}  // namespace wasprey
