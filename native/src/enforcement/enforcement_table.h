// Rules that the kernel enforces, as a map that the BPF programs read: the tables, and the clauses that each process
// can meet as a candidate.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_set>
#include <utility>
#include <vector>

#include "bpf/enforce/enforce_tables.h"
#include "loading/enforcement_pins.h"
#include "records/kernel_layout.h"
#include "system/file_descriptor.h"
#include "system/memory_map.h"

namespace wasprey {

class EnforcementTable {
 public:
  /**
   * Makes the map. `tables` are the bytes of struct enforcement up to its processes; `rules` are pairs: the number of a
   * rule's candidate bit, and its clauses. Tables of another size are refused. `crowd` is a descriptor of the map of
   * images that find their entry taken.
   */
  static Result<std::unique_ptr<EnforcementTable>> Make(std::span<const uint8_t> tables,
                                                        std::span<const uint64_t> rules, int crowd);
  ~EnforcementTable();
  EnforcementTable(const EnforcementTable&) = delete;

  /** Of the map. */
  int fd() const { return map_.get(); }
  const enforcement& tables() const { return *tables_; }
  /** Whether it has clauses for any of these event types. */
  bool Concerns(std::span<const uint64_t> types) const;
  /** The same for clauses that programs of BPF LSM are to decide. */
  bool RefusesByLsm(std::span<const uint64_t> types) const;
  /** Protects the agent: its process with all that it has started, and what is in its container, by the cgroup. */
  void Protect(uint32_t process, uint64_t cgroup) {
    tables_->agent = process;
    tables_->agent_cgroup = cgroup;
  }
  /** While it is in use, enforcement is pinned; nothing: it ends with the agent. */
  const std::optional<PinSettings>& pins() const { return pins_; }
  void PinBy(std::optional<PinSettings> pins) { pins_ = std::move(pins); }
  /** No program of the root cgroup decides anything: the calls are decided when they end. */
  void DecideLate() { __atomic_store_n(&tables_->early, 0, __ATOMIC_SEQ_CST); }

  /** No program of BPF LSM decides such calls: what can't be left to a signal is not enforced. */
  void RefuseNothingByLsm(std::span<const uint64_t> types);

  /** Sets the clauses of an image's process by the candidate words of a bank. One that finds its entry taken goes to
   * the crowd. */
  void Fill(const image& process, uint32_t bank);
  /** Forgets an image that its process has left. */
  void Forget(uint64_t id);

 private:
  EnforcementTable(FileDescriptor map, Mapping memory, FileDescriptor crowd, std::span<const uint64_t> rules);

  uint64_t ClausesOf(const image& process, uint32_t bank) const;
  void JoinCrowd(const enforce_process& process);
  void LeaveCrowd(uint64_t id);
  void TakeOutOfCrowd(uint64_t id) const;

  FileDescriptor map_;
  Mapping memory_;
  FileDescriptor crowd_;
  /** Ids of the images of these tables that are in it. */
  std::unordered_set<uint64_t> crowded_;
  enforcement* tables_;
  std::vector<uint64_t> rules_;
  std::optional<PinSettings> pins_;
};

}  // namespace wasprey
