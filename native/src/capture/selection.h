// The selection of events: the event types that the source reports, and the filters that drop events in the kernel. It
// may change while the capture runs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "filtering/kernel_filter.h"
#include "images/kernel_tables.h"
#include "integrity/canary.h"
#include "source/event_source.h"
#include "system/background.h"

namespace wasprey {

class Selection {
 public:
  /** `canary` gets the expected calls. */
  Selection(EventSource* source, KernelTables* kernel_tables, Canary* canary)
      : source_(source), kernel_tables_(kernel_tables), canary_(canary) {}

  /**
   * Uses a kernel filter, that of bank 0, before the first event. It knows what processes can match only after their
   * candidates are set, so at first it filters by events only.
   */
  Status SetFilter(const FilterTables& tables);

  /** A kernel filter for the rules whose candidates are in that bank: it is updated with processes, but not in use yet.
   */
  Status PrepareFilter(uint32_t bank, const FilterTables* tables);
  /** Uses the filter of a bank, or none. */
  struct Change {
    std::vector<std::string> event_types;
    std::optional<uint32_t> filter;
  };
  /**
   * Changes the event types and the filter on another thread, because loading programs takes long, and so does the
   * kernel until no program uses the previous filter. One change at a time.
   */
  Status BeginChange(Change change);
  /** Loads the programs of these event types, as a change that changes nothing that is captured. */
  Status BeginLoading(std::vector<std::string> event_types);
  /** Whether the change is done, with its error. */
  struct ChangeState {
    bool done;
    Status failed;
  };
  ChangeState TakeChange();
  bool IsChanging() const { return change_.HasBegun(); }

  /** Expects calls of these types from now on, except those whose hooks the kernel refuses. */
  void ExpectCalls(const std::vector<std::string>& event_types);
  /** See KernelFilter::Check(). */
  void CheckFilters(Findings* findings) const;

 private:
  Status Idle() const;
  Status MakeFilter(const FilterTables* tables, std::unique_ptr<KernelFilter>* filter) const;
  void Keep(uint32_t bank, std::unique_ptr<KernelFilter> filter);

  EventSource* source_;
  KernelTables* kernel_tables_;
  Canary* canary_;
  /** By bank of candidates. */
  std::unique_ptr<KernelFilter> filters_[IMAGE_CANDIDATE_BANKS];
  /** Event types after a change of them. */
  std::optional<std::vector<std::string>> expected_;
  /** The last member: its thread uses the source, and is waited for first. */
  Background change_;
};

}  // namespace wasprey
