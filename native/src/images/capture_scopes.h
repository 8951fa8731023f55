// Which processes a capture follows.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>

namespace wasprey {

/** Processes whose events a capture has, whatever the rules want. */
struct CaptureScopes {
  bool all = false;
  /** Full ids. */
  std::unordered_set<std::string> containers;
  /** Processes, by pid, and sessions: each with all that descends from it. */
  std::unordered_set<uint32_t> trees;

  bool empty() const { return !all && containers.empty() && trees.empty(); }
};

}  // namespace wasprey
