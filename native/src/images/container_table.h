// The containers of this node: entries that images point to, in a region the sandbox reads.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "images/buddy_allocator.h"
#include "images/container_id.h"
#include "images/image_shares.h"
#include "records/kernel_layout.h"
#include "system/memory_map.h"

namespace wasprey {

/** A container seen for the first time, for the host program to ask the runtime about. */
struct ContainerSeen {
  uint32_t address;
  std::string id;
  std::string full_id;
  std::string type;
  std::string cgroup;
  uint32_t pid;
};

class ContainerTable {
 public:
  /** Entries of processes without a container, and of those whose container is unknown. */
  static constexpr uint32_t kHost = 0;
  static constexpr uint32_t kUnknown = 1;

  ContainerTable(SandboxRegion region, uint32_t address);

  /**
   * The entry of a process's container, created if missing, in the share of an owner. Counts as a reference: see
   * Release(). Nothing if the cgroup names a container whose cgroup is another one: it is forged.
   */
  std::optional<uint32_t> Acquire(const image& process, std::string_view cgroup, uint64_t owner);
  /** The same for a container given by its id: "host" for the host, empty for an unknown one. */
  uint32_t AcquireKnown(const ContainerId& id, std::string_view cgroup, uint32_t pid, uint64_t owner);
  /** Adds a reference to an entry. */
  void Retain(uint32_t index) { entries_[index].references++; }
  /** Releases a reference. An entry without any is freed at a later Sweep(). */
  void Release(uint32_t index);
  /** Frees entries that had no process for a while. Returns their indices, whose cached data are stale. */
  std::vector<uint32_t> Sweep(uint64_t now_ns);

  /** Address in the sandbox's memory. */
  uint32_t AddressOf(uint32_t index) const { return address_ + entries_[index].offset; }
  /** "host" for the host, empty if unknown. */
  std::string_view FullIdOf(uint32_t index) const { return entries_[index].full_id; }
  std::string_view TypeOf(uint32_t index) const;
  uint32_t count() const { return live_; }
  /** How often an entry found no room, or would have taken that of others. */
  uint64_t lost() const { return lost_; }
  /** Images of processes in forged cgroups. */
  uint64_t forged() const { return forged_; }

  std::vector<ContainerSeen> TakeSeen();

  static constexpr uint32_t kGone = 0xffffffff;
  /** The entry with that id, short or full, or kGone. */
  uint32_t Find(std::string_view id) const;

  struct Replaced {
    uint32_t index;
    bool moved;
  };
  /** Replaces the entry with this id, short or full, by `entry` (a struct container with its strings). */
  Result<Replaced> Replace(std::string_view id, const uint8_t* entry, size_t size);

 private:
  struct Entry {
    uint32_t offset = 0;
    uint32_t references = 0;
    uint64_t empty_since = 0;
    bool used = false;
    std::string full_id;
    /** The path of its cgroup, up to its id; empty if it was not seen in one. */
    std::string home;
    /** Whose share its block is in. */
    uint64_t owner = 0;
  };

  uint32_t Add(uint8_t state, uint8_t privileged, std::string_view id, std::string_view full_id, std::string_view type,
               bool host_names);
  uint32_t AcquireById(const ContainerId& id, std::string_view cgroup, uint32_t pid, uint64_t owner);
  bool InOtherNamespace(const image& process) const;
  bool IsForged(const ContainerId& id, std::string_view cgroup) const;

  SandboxRegion region_;
  uint32_t address_;
  BuddyAllocator blocks_;
  ImageShares shares_;
  RuncStates runc_;
  std::deque<Entry> entries_;
  std::vector<uint32_t> free_;
  std::unordered_map<std::string, uint32_t> by_id_;
  std::vector<ContainerSeen> seen_;
  uint32_t live_ = 0;
  uint64_t lost_ = 0;
  uint64_t forged_ = 0;
  uint32_t host_pid_namespace_;
  uint32_t host_mount_namespace_;
};

}  // namespace wasprey
