// The kernel filter as a map that the BPF programs read: its tables, and the clauses that each process can satisfy.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_set>
#include <vector>

#include "bpf/filter/filter_tables.h"
#include "records/kernel_layout.h"
#include "source/finding.h"
#include "system/file_descriptor.h"
#include "system/memory_map.h"
#include "system/zeroed_array.h"

namespace wasprey {

/** As host/capture/filter-tables.ts makes them. */
struct FilterTables {
  std::span<const uint64_t> types, results, opens, sockets;
  uint64_t any_path = 0;
  uint64_t top_level = 0;
  uint64_t ordinary_memory = 0;
  /** The clause that events of captured processes satisfy, whatever the rules want; 0: none. */
  uint64_t captured = 0;
  std::span<const uint8_t> classes;
  std::span<const uint64_t> accepted, possible;
  std::span<const uint16_t> next;
  /** Clauses by family of each rule with a candidate bit, then those without one. */
  std::span<const uint64_t> rules;
};

class KernelFilter {
 public:
  /** Makes the map. Tables of other sizes than the layout's are refused. */
  static Result<std::unique_ptr<KernelFilter>> Make(const FilterTables& tables);

  /** Of the map. */
  int fd() const { return map_.get(); }

  /**
   * Sets the clauses that an image's process can satisfy, by the candidate words of a bank; all if it is captured. An
   * occupied entry is kept, unless a captured process needs the one of another that is not.
   */
  void Fill(const image& process, uint32_t bank, bool captured);
  /** Frees the entry of an image that its process has left. */
  void Forget(uint64_t id);

  /** Reports changes of the map from outside, and restores it. */
  void Check(Findings* findings);

 private:
  KernelFilter(FileDescriptor map, Mapping memory, const FilterTables& tables);

  void Miss(uint64_t id, bool missing);
  void Set(size_t place, const filter_process& process);

  FileDescriptor map_;
  Mapping memory_;
  /** The kernel's copy. Any process that may open the map can write to it. */
  filter* filter_;
  /** The expected contents: one, of which most entries of processes are never written. */
  ZeroedArray<filter> original_{1};
  std::vector<uint64_t> rules_;
  uint64_t captured_clause_;
  /** By entry: whether an image has found it taken. That may have none for as long as it lives. */
  std::vector<bool> crowded_;
  /** Captured images that have an entry, and those that lack one. */
  std::unordered_set<uint64_t> captured_;
  std::unordered_set<uint64_t> missing_;
};

}  // namespace wasprey
