// Isolates a container: attaches the programs of native/bpf/isolate.bpf.c to its cgroup, by links that outlive this
// process.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "system/result.h"

namespace wasprey {

/** A network that stays reachable, as the programs have it (`struct reachable`). */
struct Reachable {
  /** IPv6, or IPv4 in it (::ffff:a.b.c.d), in network order; 0 where the mask is. */
  uint8_t address[16];
  uint8_t mask[16];
  uint32_t first_port;
  /** 65536: what has no port, too. */
  uint32_t last_port;
};
static_assert(sizeof(Reachable) == 40);

inline constexpr size_t kReachableMost = 64;

struct IsolationRequest {
  /** Path of the BPF object file. */
  std::string object;
  /** Of the cgroup, in a v2 hierarchy. */
  std::string cgroup;
  /** An empty folder on a BPF file system, where a file for each link keeps it alive. */
  std::string folder;
  std::span<const Reachable> reachable;
};

/**
 * Attaches all programs, or none. The cgroup's processes are isolated until the files in the folder are removed, or the
 * cgroup is.
 */
Status IsolateCgroup(const IsolationRequest& request);

}  // namespace wasprey
