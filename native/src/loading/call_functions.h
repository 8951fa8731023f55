// The functions of the kernel that serve system calls. Programs are attached to their exits: see call_exits.h.
#pragma once

#include <bpf/btf.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace wasprey {

/** No call has it. */
inline constexpr uint16_t kNoCall = 0xffff;

struct CallFunction {
  std::string name;
  /** In the kernel's BTF. */
  uint32_t id = 0;
  /** Its type there: programs that go to each other by tail calls must be on functions of the same one. */
  uint32_t prototype = 0;
  /** Numbers of the calls that it serves; kNoCall: none. On arm64 most serve a native and a 32-bit call. */
  uint16_t native = kNoCall;
  uint16_t compat = kNoCall;

  /** What programs on its exit find as their cookie: EXIT_NATIVE and EXIT_COMPAT (native/bpf/call.h). */
  uint64_t cookie() const { return native | uint64_t{compat} << 16; }
  /** Whether its calls may change their process. */
  bool ChangesProcess() const;
  /** Whether it is needed for events of these types, or for changes of processes. */
  bool IsNeeded(const std::set<uint64_t>& event_types) const;
};

struct CallFunctions {
  /** Those that this kernel has. Newer calls may be missing. */
  std::vector<CallFunction> found;
  /** Names of calls that the kernel must have, but no function is found for. */
  std::vector<std::string> hidden;
};

/** Finds the functions of all calls that programs look at. */
CallFunctions FindCallFunctions(const btf* types);

}  // namespace wasprey
