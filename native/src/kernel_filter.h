// The kernel filter as a map that the BPF programs read: its tables, and what processes can still match.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "bpf/filter_tables.h"
#include "file_descriptor.h"
#include "finding.h"
#include "kernel_layout.h"
#include "memory_map.h"

namespace wasprey {

/** As host/capture/filter-tables.ts makes them. */
struct FilterTables {
  std::span<const uint64_t> types, results, opens, sockets;
  uint64_t any_path = 0;
  uint64_t top_level = 0;
  std::span<const uint8_t> classes;
  std::span<const uint64_t> accepted, possible;
  std::span<const uint16_t> next;
  /** Clauses of each rule with a candidate bit by family, then those that hang on none. */
  std::span<const uint64_t> rules;
};

class KernelFilter {
 public:
  /** Makes the map. Tables of other sizes than the layout's are refused. */
  static Result<std::unique_ptr<KernelFilter>> Make(const FilterTables& tables);

  /** Of the map. */
  int fd() const { return map_.get(); }

  /** Notes what the process of an image can match, by the candidate words of a bank. Another's place stays the other's.
   */
  void Fill(const image& process, uint32_t bank);
  /** The process has left the image: makes room for another. */
  void Forget(uint64_t id);

  /** Tells what somebody else has written to the map, and puts it back. */
  void Check(Findings* findings);

 private:
  KernelFilter(FileDescriptor map, Mapping memory, const FilterTables& tables);

  void Set(size_t place, const filter_process& process);
  uint64_t ClausesBelow(std::string_view directory) const;

  FileDescriptor map_;
  Mapping memory_;
  /** What the kernel reads. Any process that may open the map can write to it. */
  filter* filter_;
  /** What it is to be. */
  std::unique_ptr<filter> original_;
  std::vector<uint64_t> rules_;
};

}  // namespace wasprey
