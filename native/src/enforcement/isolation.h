// Isolates a container: attaches the programs of native/bpf/isolate.bpf.c to its cgroup, by links that outlive this
// process.
#pragma once

#include <span>
#include <string>

#include "records/kernel_layout.h"
#include "system/result.h"

namespace wasprey {

struct IsolationRequest {
  /** Path of the BPF object file. */
  std::string object;
  /** Of the cgroup, in a v2 hierarchy. */
  std::string cgroup;
  /** An empty folder on a BPF file system, where a file for each link keeps it alive. */
  std::string folder;
  /** At most REACHABLE_MOST. */
  std::span<const reachable_network> reachable;
};

/**
 * Attaches all programs, or none. The cgroup's processes are isolated until the files in the folder are removed, or the
 * cgroup is.
 */
Status IsolateCgroup(const IsolationRequest& request);

}  // namespace wasprey
