// The backend of hooks that attaches to the exits (fexit) of the functions of single system calls, so that other calls
// cost nothing: each function has a copy of the program that otherwise runs at the end of all calls.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "loading/bpf_programs.h"
#include "loading/bpf_tables.h"
#include "loading/call_functions.h"
#include "source/missing_hook.h"
#include "system/file_descriptor.h"
#include "system/result.h"

namespace wasprey {

/** The functions of the system calls of this kernel. If programs can't be on their exits, the error's message is the
 * reason, a clause. */
Result<std::vector<CallFunction>> FunctionsForExits();

class CallExits {
 public:
  /** Attaches on_call() to the exits of the functions that are needed for events of these types, or for changes. Fails
   * never: what can't be attached is missing. */
  void Attach(const BpfPrograms& programs, const std::set<uint64_t>& event_types, BpfTables* tables);
  /** Detaches it from those that are not needed. */
  void Detach(const std::set<uint64_t>& event_types, BpfTables* tables);

  /** Adds the kernel's statistics of all copies. */
  void AddTo(std::vector<ProgramRuns>* runs) const;
  std::vector<MissingHook> missing() const;

 private:
  struct Exit {
    const CallFunction* function;
    FileDescriptor program;
    FileDescriptor link;
  };
  void AttachTo(const ProgramSet& set, const CallFunction& function, BpfTables* tables);

  /** By name. */
  std::map<std::string, Exit> exits_;
  std::map<std::string, MissingHook> missing_;
  /** The kernel's statistics of copies that are detached: they are counters. */
  ProgramRuns detached_{std::string(kOnCall)};
  /** Attach() may run on a separate thread while others read. */
  mutable std::mutex mutex_;
};

}  // namespace wasprey
