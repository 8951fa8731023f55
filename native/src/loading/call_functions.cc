// Functions are named after calls, with exceptions. Those without arguments, and those that a kernel may be built
// without, have another prototype than the others, by the name of their parameter alone.

#include "loading/call_functions.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "loading/bpf_hooks.h"

namespace wasprey {
namespace {

/** A call whose function has another name. */
struct Renamed {
  std::string_view call;
  std::string_view function;
};

constexpr Renamed kNativeNames[] = {{"umount2", "umount"}};

#if defined(__x86_64__)
constexpr std::string_view kNativePrefixes[] = {"__x64_sys_", "__do_sys_"};
constexpr std::string_view kCompatPrefixes[] = {"__ia32_compat_sys_", "__ia32_sys_", "__do_sys_"};
/** There in each kernel that runs 32-bit programs. */
constexpr std::string_view kAnyCompat = "__ia32_compat_sys_openat";
#else
constexpr std::string_view kNativePrefixes[] = {"__arm64_sys_"};
constexpr std::string_view kCompatPrefixes[] = {"__arm64_compat_sys_", "__arm64_sys_"};
constexpr std::string_view kAnyCompat = "__arm64_compat_sys_openat";
#endif

constexpr Renamed kCompatNames[] = {
    {"chown", "chown16"},
    {"chown32", "chown"},
    {"fchown", "fchown16"},
    {"fchown32", "fchown"},
    {"futimesat", "futimesat_time32"},
    {"lchown", "lchown16"},
    {"lchown32", "lchown"},
    {"recvmmsg", "recvmmsg_time32"},
    {"setgid", "setgid16"},
    {"setgid32", "setgid"},
    {"setregid", "setregid16"},
    {"setregid32", "setregid"},
    {"setresgid", "setresgid16"},
    {"setresgid32", "setresgid"},
    {"setresuid", "setresuid16"},
    {"setresuid32", "setresuid"},
    {"setreuid", "setreuid16"},
    {"setreuid32", "setreuid"},
    {"setuid", "setuid16"},
    {"setuid32", "setuid"},
    {"umount2", "umount"},
    {"utimensat", "utimensat_time32"},
    {"utimensat_time64", "utimensat"},
    {"utimes", "utimes_time32"},
#if defined(__x86_64__)
    {"clone", "ia32_clone"},
    {"ftruncate64", "ia32_ftruncate64"},
    {"mmap", "ia32_mmap"},
    {"mmap2", "mmap_pgoff"},
    {"truncate64", "ia32_truncate64"},
    {"umount", "oldumount"},
    {"utime", "utime32"},
#else
    {"ftruncate64", "aarch32_ftruncate64"},
    {"mmap2", "aarch32_mmap2"},
    {"truncate64", "aarch32_truncate64"},
#endif
};

/** What the calls of socketcall(2) are reported as. */
constexpr uint64_t kSocketcallTypes[] = {
#define WASPREY_CALL(name, number, type, arguments) type,
    WASPREY_SOCKETCALLS(WASPREY_CALL)
#undef WASPREY_CALL
};

/** A function's BTF id and prototype. A name may have several, because an empty one stands in for it where the kernel
 * is built without. */
struct Typed {
  uint32_t id;
  uint32_t prototype;
};

using Functions = std::map<std::string_view, std::vector<Typed>>;

bool IsPointerToRegisters(const btf* types, uint32_t id) {
  const btf_type* type = btf__type_by_id(types, id);
  if (type == nullptr || !btf_is_ptr(type)) return false;
  type = btf__type_by_id(types, type->type);
  if (type != nullptr && btf_is_const(type)) type = btf__type_by_id(types, type->type);
  return type != nullptr && btf_is_struct(type) && strcmp(btf__name_by_offset(types, type->name_off), "pt_regs") == 0;
}

/** Whether a prototype is `long f(const struct pt_regs *)`, whatever its parameter is called. */
bool IsOfCalls(const btf* types, uint32_t prototype) {
  const btf_type* const type = btf__type_by_id(types, prototype);
  if (type == nullptr || !btf_is_func_proto(type) || btf_vlen(type) != 1) return false;
  const btf_type* const result = btf__type_by_id(types, type->type);
  return result != nullptr && btf_is_int(result) && result->size == sizeof(long) &&
         IsPointerToRegisters(types, btf_params(type)->type);
}

Functions AllFunctions(const btf* types) {
  Functions all;
  std::map<uint32_t, bool> prototypes;
  for (uint32_t id = 1; id < btf__type_cnt(types); id++) {
    const btf_type* const type = btf__type_by_id(types, id);
    if (!btf_is_func(type)) continue;
    const std::string_view name = btf__name_by_offset(types, type->name_off);
    if (!name.starts_with("__")) continue;
    const auto [prototype, is_new] = prototypes.try_emplace(type->type);
    if (is_new) prototype->second = IsOfCalls(types, type->type);
    if (prototype->second) all[name].push_back({id, type->type});
  }
  return all;
}

/** The prototype that most functions have. */
uint32_t UsualPrototype(const Functions& functions) {
  std::map<uint32_t, size_t> counts;
  for (const auto& [name, typed] : functions) {
    for (const Typed& one : typed) counts[one.prototype]++;
  }
  const auto usual = std::max_element(counts.begin(), counts.end(),
                                      [](const auto& one, const auto& other) { return one.second < other.second; });
  return usual == counts.end() ? 0 : usual->first;
}

class Finder {
 public:
  explicit Finder(const btf* types) : all_(AllFunctions(types)), usual_(UsualPrototype(all_)) {}

  bool Has(std::string_view function) const { return all_.contains(function); }

  /** Notes the function of a call: its number is kept in that member. */
  template <size_t P, size_t R>
  void Add(std::string_view call, uint32_t number, uint16_t CallFunction::* member,
           const std::string_view (&prefixes)[P], const Renamed (&names)[R]) {
    const auto* const renamed =
        std::find_if(std::begin(names), std::end(names), [&](const Renamed& one) { return one.call == call; });
    const std::string_view name = renamed == std::end(names) ? call : renamed->function;
    for (const std::string_view prefix : prefixes) {
      const auto found = all_.find(std::string(prefix).append(name));
      if (found == all_.end()) continue;
      CallFunction& function = functions_[found->first];
      const auto typed = std::find_if(found->second.begin(), found->second.end(),
                                      [&](const Typed& one) { return one.prototype == usual_; });
      const Typed& chosen = typed == found->second.end() ? found->second.front() : *typed;
      function.name = found->first;
      function.id = chosen.id;
      function.prototype = chosen.prototype;
      function.*member = static_cast<uint16_t>(number);
      newest_ = std::max(newest_, number);
      return;
    }
    missing_.emplace_back(number, call);
  }

  /** Ends a table of calls. One that is missing is newer than the kernel if its number is above all that are there. */
  void EndTable(CallFunctions* result) {
    for (const auto& [number, call] : missing_) {
      if (number < newest_) result->hidden.emplace_back(call);
    }
    missing_.clear();
    newest_ = 0;
  }

  void Take(CallFunctions* result) {
    for (auto& [name, function] : functions_) result->found.push_back(std::move(function));
  }

 private:
  Functions all_;
  uint32_t usual_;
  std::map<std::string_view, CallFunction> functions_;
  std::vector<std::pair<uint32_t, std::string_view>> missing_;
  uint32_t newest_ = 0;
};

/** Whether any of these types is reported of calls of that one. */
bool IsReported(uint64_t type, const std::set<uint64_t>& event_types) {
  return event_types.contains(type) || std::any_of(std::begin(kHooks), std::end(kHooks), [&](const Hook& hook) {
           return hook.type == type && event_types.contains(hook.wanted);
         });
}

bool IsReportedNative(uint32_t number, const std::set<uint64_t>& types) {
  return std::any_of(std::begin(kHooks), std::end(kHooks),
                     [&](const Hook& hook) { return hook.call == number && types.contains(hook.wanted); });
}

bool IsReportedCompat(uint32_t number, const std::set<uint64_t>& types) {
  return std::any_of(std::begin(kCompatCalls), std::end(kCompatCalls), [&](const CompatCall& call) {
    if (call.number != number) return false;
    if (call.type != EVENT_NONE && IsReported(call.type, types)) return true;
    return call.name == "socketcall" && std::any_of(std::begin(kSocketcallTypes), std::end(kSocketcallTypes),
                                                    [&](uint64_t type) { return IsReported(type, types); });
  });
}

}  // namespace

bool CallFunction::ChangesProcess() const {
  return std::any_of(std::begin(kChanges), std::end(kChanges),
                     [&](const Change& change) { return change.call == native; }) ||
         std::any_of(std::begin(kCompatCalls), std::end(kCompatCalls),
                     [&](const CompatCall& call) { return call.number == compat && call.change != CHANGE_NONE; });
}

bool CallFunction::IsNeeded(const std::set<uint64_t>& event_types) const {
  if (native == IO_URING_ENTER || compat == IO_URING_ENTER) return SettlesRequests(event_types);
  return ChangesProcess() || IsReportedNative(native, event_types) || IsReportedCompat(compat, event_types);
}

CallFunctions FindCallFunctions(const btf* types) {
  Finder finder(types);
  CallFunctions result;
  for (const NamedCall& call : kNativeCalls) {
    finder.Add(call.name, call.number, &CallFunction::native, kNativePrefixes, kNativeNames);
  }
  finder.EndTable(&result);
  if (finder.Has(kAnyCompat)) {
    for (const CompatCall& call : kCompatCalls) {
      finder.Add(call.name, call.number, &CallFunction::compat, kCompatPrefixes, kCompatNames);
    }
    finder.EndTable(&result);
  }
  finder.Take(&result);
  return result;
}

}  // namespace wasprey
