// Enforcement in the kernel, as the live source has it: the programs that take the places of those that report, those
// of the root cgroup, and those of BPF LSM. All of it ends with this object, or with the process.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bpf_programs.h"
#include "bpf_tables.h"
#include "enforcement_table.h"
#include "event_source.h"
#include "file_descriptor.h"
#include "memory_map.h"
#include "result.h"

namespace wasprey {

class Enforcer {
 public:
  Enforcer(BpfPrograms* programs, BpfTables* tables) : programs_(programs), tables_(tables) {}

  /** Makes the maps, if there are none, and maps the counts. */
  Status MakeMaps();
  const enforce_counts* counts() const { return reinterpret_cast<const enforce_counts*>(counts_.data()); }
  /** Descriptors of maps; -1 without. */
  int MapFd(const char* name) const { return programs_->EnforcementMapFd(name); }

  /**
   * Enforces the rules of a table in place of those of another. The kernel returns when no program uses the previous
   * one.
   */
  Status Use(EnforcementTable* table);
  /** Enforces nothing any more, and frees all. */
  Status End();
  /** Of the programs that the rules in use need. */
  const std::vector<MissingEnforcer>& missing() const { return missing_; }

 private:
  void Load(const EnforcementTable& table);
  void AttachToRoot();
  void AttachToHooks(EnforcementTable* table);

  BpfPrograms* programs_;
  BpfTables* tables_;
  std::vector<FileDescriptor> links_;
  /** Of programs of BPF LSM, by name. */
  std::map<std::string_view, FileDescriptor> hooks_;
  std::vector<MissingEnforcer> missing_;
  Mapping counts_;
};

/** The root of the unified hierarchy of cgroups, though it may be mounted nowhere; invalid with errno without. */
FileDescriptor OpenRootCgroup();

}  // namespace wasprey
