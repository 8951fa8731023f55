// What the addon writes for its BPF programs to go by: which calls are told of, the programs to go to by tail call, and
// which filter holds. What is expected there, and of maps and links, is noted, so that a change from outside is seen.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "attachment.h"
#include "bpf_programs.h"
#include "kernel_layout.h"
#include "seals.h"

namespace wasprey {

/** What is checked, on the capture's thread, may be changed on another meanwhile. */
class BpfTables {
 public:
  /** Forgets what was noted of maps that are gone. */
  void Clear();
  /** Notes the maps, and freezes what can be. */
  void NoteMaps(const BpfObject& maps);
  /** Notes a link that is to be there from now on. The tracepoint is empty where the program names its place itself. */
  void NoteLink(std::string_view program, std::string_view tracepoint, int link);
  /** Puts the programs that are loaded into the table for tail calls. */
  Status FillPrograms(const BpfPrograms& programs);

  /** What the rest is written to: the words that are shared, and the outer map of filters. */
  void Use(capture_shared* shared, int filters);
  /** Has the calls of those types told of, and no others. Programs see it at the next call. */
  void WriteCalls(const std::set<uint64_t>& wanted);
  /** Has events filtered by that map, or with -1 not. The kernel returns when no program looks at the one before. */
  Status UseFilter(int map);

  /** Reports what is not as it was written, and puts it back where it can. The attachment decides what is looked at. */
  void Check(Attachment attachment, Findings* findings);

 private:
  bool PutBackCalls();
  void CheckFilter(Findings* findings);

  std::mutex mutex_;
  Seals seals_;
  capture_shared* shared_ = nullptr;
  std::array<uint64_t, WANTED_WORDS> wanted_words_{};
  std::array<call_hook, CALLS> calls_{};
  /** The outer map, and the one in it that the kernel filters by, -1: none; while that changes, nothing. */
  int filters_ = -1;
  std::optional<int> filter_ = -1;
};

}  // namespace wasprey
