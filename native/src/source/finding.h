// A finding of an integrity check: a change of the capture from outside.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace wasprey {

struct Finding {
  /** Stable; host/capture/native.ts has them all, and what name and number are in each. */
  const char* what;
  std::string name;
  uint64_t number = 0;
  /** It was restored. */
  bool repaired = false;
};

using Findings = std::vector<Finding>;

}  // namespace wasprey
