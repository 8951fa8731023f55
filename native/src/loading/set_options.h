// Which programs are in a set (program_set.h), and how they are loaded.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "loading/attachment.h"
#include "loading/call_functions.h"

namespace wasprey {

/** What to do when the kernel refuses a program that is not optional (missing_hook_reports.h). */
enum class AfterRefusal {
  kFail,
  /** Fail, but only after loading the other programs: for a diagnosis of all. */
  kTryOthers,
};

/** Which programs are in a set, and how they are loaded. */
struct SetOptions {
  /** The object file. */
  std::string path;
  AfterRefusal after_refusal;
  Attachment attachment;
  /** Whether on_call() is on exits: see on_exits in native/bpf/maps.h. */
  bool on_exits = false;
  /** Then: the functions of the set; none: it has the programs of the tracepoints. */
  std::vector<CallFunction> functions = {};

  /** Whether a program is ever in the set. */
  bool Has(std::string_view program) const;
  /** The same if it is for events of those types, or always needed. */
  bool Needs(std::string_view program, const std::set<uint64_t>& event_types) const;

 private:
  bool Serves(std::string_view program, const std::set<uint64_t>* event_types) const;
};

}  // namespace wasprey
