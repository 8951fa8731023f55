// Programs on tracepoints: each is attached once, and those that this kernel has no place for are named.
#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <string_view>
#include <vector>

#include "loading/attachment.h"
#include "loading/bpf_programs.h"
#include "loading/bpf_tables.h"
#include "source/missing_hook.h"
#include "system/file_descriptor.h"
#include "system/result.h"

namespace wasprey {

class TracepointLinks {
 public:
  explicit TracepointLinks(Attachment attachment) : attachment_(attachment) {}

  /** A program that is attached elsewhere. */
  void LeaveOut(std::string_view program) { tried_.insert(program); }
  /** Attaches the programs that follow processes. */
  Status AttachTasks(const BpfPrograms& programs, BpfTables* tables);
  /** Attaches the programs that events of these types need. One that is no longer needed stays. */
  Status Attach(const BpfPrograms& programs, const std::set<uint64_t>& event_types, BpfTables* tables);

  /** Hooks that could not be attached. */
  std::vector<MissingHook> missing() const;

 private:
  Status AttachToFirst(std::string_view name, const BpfPrograms& programs, BpfTables* tables);

  const Attachment attachment_;
  std::vector<FileDescriptor> links_;
  /** Programs that are attached, or can't be. */
  std::set<std::string_view> tried_;
  std::vector<MissingHook> missing_;
  /** Attach() may run on a separate thread while another asks what is missing. */
  mutable std::mutex mutex_;
};

}  // namespace wasprey
