// The tables that the addon writes for its BPF programs: the captured calls, the programs for tail calls, and
// the filter in use. The expected contents, maps and links are recorded, so that changes from outside are detected.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "loading/attachment.h"
#include "loading/bpf_hooks.h"
#include "loading/bpf_programs.h"
#include "loading/seals.h"
#include "records/kernel_layout.h"

namespace wasprey {

/** Protects the checked state: another thread may change it during a check. */
class BpfTables {
 public:
  /** Forgets recorded maps that no longer exist. */
  void Clear();
  /** Records the maps, and freezes those that allow it. */
  void NoteMaps(const BpfObject& maps);
  /** Records a link that must exist from now on. The tracepoint is empty if the program's section names it. */
  void NoteLink(std::string_view program, std::string_view tracepoint, int link);
  /** The link is removed on purpose. */
  void ForgetLink(std::string_view program, std::string_view tracepoint);
  /** Puts the loaded programs into the tables for tail calls. */
  Status FillPrograms(const BpfPrograms& programs);

  /** From now on the programs that enforce are in their slots, or no longer. */
  Status Enforce(const BpfPrograms& programs, bool enforces);

  /** Sets the targets of further writes: the shared words, and the outer map of filters. */
  void Use(capture_shared* shared, int filters);
  /** Captures exactly the calls of those types. Programs see it at the next call, and forget known peers. */
  void WriteCalls(const std::set<uint64_t>& wanted);
  /** Filters events by that map, or with -1 not at all. The kernel returns when no program uses the previous one. */
  Status UseFilter(int map);

  /** Reports changes from outside, and restores what it can. The attachment decides what is checked. */
  void Check(Attachment attachment, Findings* findings);

 private:
  bool PutBackCalls();
  void CheckFilter(Findings* findings);

  Status FillTable(const ProgramSet& set);
  Status Fill(const ProgramSet& set, const Slot& slot);

  std::mutex mutex_;
  Seals seals_;
  capture_shared* shared_ = nullptr;
  std::array<uint64_t, WANTED_WORDS> wanted_words_{};
  std::array<call_hook, CALLS> calls_{};
  uint64_t rules_ = 0;
  /** The outer map, and the filter map in it (-1: none); empty while that changes. */
  int filters_ = -1;
  std::optional<int> filter_ = -1;
  bool enforces_ = false;
};

}  // namespace wasprey
