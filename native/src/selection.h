// What is captured: the event types that the source reports, and the filters that drop events in the kernel. It may
// change while the capture runs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "background.h"
#include "canary.h"
#include "event_source.h"
#include "image_table.h"
#include "kernel_filter.h"

namespace wasprey {

class Selection {
 public:
  /** `canary` is told which calls are to be seen. */
  Selection(EventSource* source, ImageTable* images, Canary* canary)
      : source_(source), images_(images), canary_(canary) {}

  /**
   * Replaces the kernel filter, or takes it away if null. What processes can match is not known to a new one before
   * their candidates are set, so that it filters by events alone at first.
   */
  Status SetFilter(const FilterTables* tables);
  Status Attach(const std::vector<std::string>& event_types);

  /** A kernel filter for the rules whose candidates are in that bank: it learns of processes, and filters nothing yet.
   */
  Status PrepareFilter(uint32_t bank, const FilterTables* tables);
  /** What the kernel filters by: the filter of a bank, or nothing. */
  struct Change {
    std::vector<std::string> event_types;
    std::optional<uint32_t> filter;
  };
  /**
   * Changes what is told of and the filter on another thread: loading programs takes its time, and so does the kernel
   * until none looks at the filter before. One at a time.
   */
  Status BeginChange(Change change);
  /** Whether that is done, with what went wrong. */
  struct ChangeState {
    bool done;
    Status failed;
  };
  ChangeState TakeChange();
  bool IsChanging() const { return change_.HasBegun(); }

  /** Calls of these types are to be seen from now on, but for those whose hooks the kernel does not take. */
  void ExpectCalls(const std::vector<std::string>& event_types);
  /** See KernelFilter::Check(). */
  void CheckFilters(Findings* findings) const;

 private:
  Status Idle() const;
  Status MakeFilter(const FilterTables* tables, std::unique_ptr<KernelFilter>* filter) const;
  void Keep(uint32_t bank, std::unique_ptr<KernelFilter> filter);

  EventSource* source_;
  ImageTable* images_;
  Canary* canary_;
  /** By bank of candidates. */
  std::unique_ptr<KernelFilter> filters_[IMAGE_CANDIDATE_BANKS];
  /** Event types that are wanted when the change is done. */
  std::vector<std::string> expected_;
  /** The last member: its thread uses the source, and is waited for first. */
  Background change_;
};

}  // namespace wasprey
