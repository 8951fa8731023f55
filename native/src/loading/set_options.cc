#include "loading/set_options.h"

#include <algorithm>
#include <iterator>

#include "loading/bpf_hooks.h"

namespace wasprey {
namespace {

/** The program that reports calls in place of which one enforces; the name itself for others. */
std::string_view ReporterOf(std::string_view program) {
  if (!IsForEnforcement(program)) return program;
  for (const Slot& enforcer : kEnforcerSlots) {
    if (enforcer.program != program) continue;
    for (const Slot& slot : kSlots) {
      if (slot.key == enforcer.key) return slot.program;
    }
  }
  return program;
}

}  // namespace

bool SetOptions::Has(std::string_view program) const {
  if (!IsFor(attachment, program)) return false;
  if (!on_exits) return true;
  const Reached reached = ReachedFrom(program);
  if (functions.empty()) return reached != Reached::kFromCalls;
  return reached != Reached::kFromTracepoints && Serves(program, nullptr);
}

/** Whether the set's functions lead to a program; with types: for events of these, or for changes. */
bool SetOptions::Serves(std::string_view program, const std::set<uint64_t>* event_types) const {
  const auto any = [&](auto matches) { return std::any_of(functions.begin(), functions.end(), matches); };
  const std::string_view reporter = ReporterOf(program);
  const bool compat = any([](const CallFunction& function) { return function.compat != kNoCall; });
  if (reporter == "on_compat" || reporter == "write_passed" || reporter == "write_passed_many") return compat;
  if (reporter == "on_requests_settled") {
    return any([](const CallFunction& function) { return function.native == IO_URING_ENTER; });
  }
  if (reporter == "on_change") {
    return any([](const CallFunction& function) {
      return std::any_of(std::begin(kChanges), std::end(kChanges),
                         [&](const Change& change) { return change.call == function.native; });
    });
  }
  if (!ServesEvents(reporter)) return true;
  return any([&](const CallFunction& function) {
    return std::any_of(std::begin(kHooks), std::end(kHooks), [&](const Hook& hook) {
      return hook.call == function.native && hook.program == reporter &&
             (event_types == nullptr || event_types->contains(hook.wanted));
    });
  });
}

bool SetOptions::Needs(std::string_view program, const std::set<uint64_t>& event_types) const {
  return Has(program) && IsNeeded(program, event_types) && (functions.empty() || Serves(program, &event_types));
}

}  // namespace wasprey
