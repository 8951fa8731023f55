// System calls that fail and do nothing, made to see that they are noticed: whatever it is that keeps events from
// coming.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "finding.h"
#include "ring_reader.h"

namespace wasprey {

class Canary {
 public:
  /** The events that are to come from now on, by their types. */
  void Expect(const std::vector<std::string>& event_types);

  /**
   * Looks whether the calls that were made at the last step were counted, and makes the next ones. A type is a finding
   * when that was not so twice, one after the other: the kernel may leave out a program while another runs, once.
   * @param seen number of events of a type that were read from the rings, filtered or dropped so far
   */
  void Step(const RingReader& reader, const std::function<uint64_t(uint64_t type)>& seen, Findings* findings);
  /** What was called for at the last step is not looked at. */
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
