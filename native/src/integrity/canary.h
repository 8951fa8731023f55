// Test calls: system calls that fail without effect, made to check that they are captured. They detect any cause of
// missing events.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "reading/ring_reader.h"
#include "source/finding.h"

namespace wasprey {

class Canary {
 public:
  /** Sets the types of the expected events. */
  void Expect(const std::vector<std::string>& event_types);

  /**
   * Checks that the calls of the last step were counted, and makes the next ones. A type is a finding if its calls are
   * missing twice in a row: the kernel may skip a program once while another runs.
   * @param seen number of events of a type that were read from the rings, filtered or dropped so far
   */
  void Step(const RingReader& reader, const std::function<uint64_t(uint64_t type)>& seen, Findings* findings);
  /** Skips the check of the last step's calls. */
  void Skip() { called_ = false; }

 private:
  struct Probe {
    uint64_t type;
    const char* name;
    void (*call)();
    uint64_t before = 0;
    unsigned misses = 0;
  };
  void Judge(const std::function<uint64_t(uint64_t type)>& seen, Findings* findings);
  bool IsRead(const RingReader& reader, Findings* findings);

  std::vector<Probe> probes_;
  bool called_ = false;
  /** How far the rings were filled, and read, right after the calls. */
  std::vector<uint64_t> heads_, positions_;
  unsigned steps_waited_ = 0;
};

}  // namespace wasprey
