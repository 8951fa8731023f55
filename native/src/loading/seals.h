// The kernel objects of a capture: links, maps, tables of programs. Their ids are recorded when they are created,
// so that missing or replaced ones are detected.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "source/finding.h"

namespace wasprey {

class Seals {
 public:
  /** The name is used in findings; an earlier entry of that name is replaced. */
  void AddLink(const std::string& name, int fd);
  void AddMap(const std::string& name, int fd);
  /** Expects that program, given by its descriptor, at `key` of the table. */
  void SetSlot(uint32_t key, const std::string& name, int table, int program);

  /** Expects nothing at that key any more. */
  void ClearSlot(int table, uint32_t key) { slots_.erase({table, key}); }

  /** Expects that link no more. */
  void RemoveLink(const std::string& name) { links_.erase(name); }

  /**
   * Findings are closed or replaced descriptors, and keys with another program.
   * Programs are restored.
   * Without `looks_up` the keys are not checked.
   */
  void Check(bool looks_up, Findings* findings) const;

 private:
  struct Seal {
    int fd;
    uint32_t id;
  };
  struct Slot {
    std::string name;
    Seal program;
  };
  std::map<std::string, Seal> links_;
  std::vector<std::pair<std::string, Seal>> maps_;
  /** By table and key. */
  std::map<std::pair<int, uint32_t>, Slot> slots_;
};

/** Id of a map; 0 if the descriptor is not a map. */
uint32_t MapId(int fd);

}  // namespace wasprey
