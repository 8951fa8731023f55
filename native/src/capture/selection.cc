#include "capture/selection.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "source/missing_hook.h"

namespace wasprey {

/** Whether the source may be changed now. */
Status Selection::Idle() const {
  if (!source_->IsOpen()) return Error{"CAPTURE_STATE", "The capture was not started.", ""};
  if (change_.HasBegun()) return Error{"CAPTURE_STATE", "A change of what is captured is under way.", ""};
  return std::nullopt;
}

/** Stays null without tables. */
Status Selection::MakeFilter(const FilterTables* tables, std::unique_ptr<KernelFilter>* filter) const {
  if (auto failed = Idle()) return failed;
  if (tables == nullptr) return std::nullopt;
  auto made = KernelFilter::Make(*tables);
  if (!made) return std::move(made.error());
  *filter = std::move(*made);
  return std::nullopt;
}

void Selection::Keep(uint32_t bank, std::unique_ptr<KernelFilter> filter) {
  filters_[bank] = std::move(filter);
  kernel_tables_->UseFilter(bank, filters_[bank].get());
}

Status Selection::SetFilter(const FilterTables& tables) {
  std::unique_ptr<KernelFilter> filter;
  if (auto failed = MakeFilter(&tables, &filter)) return failed;
  if (auto failed = source_->UseFilter(filter->fd())) return failed;
  Keep(0, std::move(filter));
  return std::nullopt;
}

Status Selection::PrepareFilter(uint32_t bank, const FilterTables* tables) {
  std::unique_ptr<KernelFilter> filter;
  if (auto failed = MakeFilter(tables, &filter)) return failed;
  Keep(bank, std::move(filter));
  return std::nullopt;
}

Status Selection::BeginChange(Change change) {
  if (auto failed = Idle()) return failed;
  canary_->Expect({});
  expected_ = change.event_types;
  const KernelFilter* const filter = change.filter ? filters_[*change.filter].get() : nullptr;
  change_ = Background([source = source_, types = std::move(change.event_types),
                        map = filter == nullptr ? -1 : filter->fd()]() -> Status {
    // New event types are reported before a filter becomes stricter, and a filter is removed last.
    if (auto failed = source->Attach(types)) return failed;
    if (auto failed = source->UseFilter(map)) return failed;
    source->Detach();
    return std::nullopt;
  });
  return std::nullopt;
}

Status Selection::BeginLoading(std::vector<std::string> event_types) {
  if (auto failed = Idle()) return failed;
  change_ = Background([source = source_, types = std::move(event_types)] { return source->Load(types); });
  return std::nullopt;
}

Selection::ChangeState Selection::TakeChange() {
  if (!change_.HasBegun()) return {true, std::nullopt};
  if (!change_.IsDone()) return {false, std::nullopt};
  Status failed = change_.Take();
  if (expected_) ExpectCalls(*expected_);
  expected_.reset();
  return {true, std::move(failed)};
}

void Selection::ExpectCalls(const std::vector<std::string>& event_types) {
  std::vector<std::string> seen = event_types;
  for (const MissingHook& missing : source_->Missing()) {
    if (std::find(missing.ways.begin(), missing.ways.end(), std::string_view("calls")) == missing.ways.end()) continue;
    std::erase_if(seen, [&](const std::string& type) {
      return std::find(missing.blinds.begin(), missing.blinds.end(), type) != missing.blinds.end();
    });
  }
  canary_->Expect(seen);
}

void Selection::CheckFilters(Findings* findings) const {
  for (const auto& filter : filters_) {
    if (filter != nullptr) filter->Check(findings);
  }
}

}  // namespace wasprey
