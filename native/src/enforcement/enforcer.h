// Enforcement in the kernel, as the live source has it: the programs that take the places of those that report, those
// of the root cgroup, and those of BPF LSM. All of it ends with this object, or with the process, but what is pinned:
// the programs of the root cgroup, with their maps.
#pragma once

#include <bpf/bpf.h>

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "enforcement/enforcement_table.h"
#include "loading/bpf_programs.h"
#include "loading/bpf_tables.h"
#include "source/event_source.h"
#include "system/file_descriptor.h"
#include "system/memory_map.h"
#include "system/result.h"

namespace wasprey {

/** What pinned programs have done since the previous agent was last running. */
struct UnattendedEnforcement {
  uint64_t outcomes[ENFORCE_OUTCOMES];
  /** Since when, in ns. */
  uint64_t ago;
};

/** A program of the root cgroup, and where it is attached. */
struct CgroupEnforcer {
  std::string_view program;
  bpf_attach_type type;
};

class Enforcer {
 public:
  Enforcer(BpfPrograms* programs, BpfTables* tables) : programs_(programs), tables_(tables) {}

  /** Makes the maps, if there are none, or takes those that are pinned, and maps the counts. */
  Status MakeMaps(const PinSettings* pins);
  const enforce_counts* counts() const { return reinterpret_cast<const enforce_counts*>(counts_.data()); }
  enforce_counts* writable_counts() const { return reinterpret_cast<enforce_counts*>(counts_.data()); }
  /** Descriptors of maps; -1 without. */
  int MapFd(const char* name) const { return programs_->EnforcementMapFd(name); }

  /** See EventSource. */
  const UnattendedEnforcement* unattended() const { return unattended_ ? &*unattended_ : nullptr; }
  void NoteAttended();
  void DisownPins();

  /**
   * Enforces the rules of a table in place of those of another. The kernel returns when no program uses the previous
   * one. What is pinned by an agent before goes on until this enforces.
   */
  Status Use(EnforcementTable* table);
  /** Enforces nothing any more, and frees all. */
  Status End();
  /** Of the programs that the rules in use need. */
  const std::vector<MissingEnforcer>& missing() const { return missing_; }

 private:
  struct RootLink {
    const CgroupEnforcer* enforcer;
    FileDescriptor fd;
    /** It is pinned, and has the program of an agent before. */
    bool is_taken;
  };

  void Load(const EnforcementTable& table);
  void AttachToRoot(const PinSettings* pins);
  void AttachToHooks(EnforcementTable* table);
  void TakeOver();
  void CountUnattended();
  Status Pin(const PinSettings& pins);

  BpfPrograms* programs_;
  BpfTables* tables_;
  std::vector<RootLink> links_;
  /** Of programs of BPF LSM, by name. */
  std::map<std::string_view, FileDescriptor> hooks_;
  std::vector<MissingEnforcer> missing_;
  Mapping counts_;
  /** The maps are those of an agent before, whose programs may be in use yet. */
  bool has_taken_maps_ = false;
  std::optional<UnattendedEnforcement> unattended_;
  /** The counts when the agent was last noted to be there; in use while enforcement is pinned. */
  bool is_pinned_ = false;
  uint64_t noted_outcomes_[ENFORCE_OUTCOMES] = {};
  uint64_t noted_at_ = 0;
};

}  // namespace wasprey
