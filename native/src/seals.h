// What the kernel holds of a capture by descriptors: links, maps, tables of programs. Noted as they were made, by the
// ids that the kernel gave them, so that it can be told when they are not there any more.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "finding.h"

namespace wasprey {

class Seals {
 public:
  /** The name is what findings have; one that was there is replaced. */
  void AddLink(const std::string& name, int fd);
  void AddMap(const std::string& name, int fd);
  /** The table's place `key` holds that program, given by its descriptor. */
  void SetSlot(uint32_t key, const std::string& name, int table, int program);

  /**
   * A descriptor that is closed, or is of something else, and a place that holds another program, are findings.
   * Programs are put back.
   * Without `looks_up` the places are left out.
   */
  void Check(bool looks_up, Findings* findings) const;

 private:
  struct Seal {
    int fd;
    uint32_t id;
  };
  struct Slot {
    std::string name;
    int table;
    Seal program;
  };
  std::map<std::string, Seal> links_;
  std::vector<std::pair<std::string, Seal>> maps_;
  std::map<uint32_t, Slot> slots_;
};

/** Id of a map; 0 if the descriptor is of none. */
uint32_t MapId(int fd);

}  // namespace wasprey
