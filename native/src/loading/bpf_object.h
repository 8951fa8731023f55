// A BPF object file opened by libbpf: constants and map sizes set before loading, programs chosen by name.
#pragma once

#include <bpf/libbpf.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "system/result.h"

namespace wasprey {

/** Of all BPF programs: some helpers are for those under the GPL alone. */
inline constexpr char kLicense[] = "Dual MIT/GPL";

struct CloseObject {
  void operator()(bpf_object* object) const { bpf_object__close(object); }
};

class BpfObject {
 public:
  static Result<BpfObject> Open(const std::string& path);

  /** Sets a `const volatile` global of 8 bytes. */
  Status SetConstant(const char* name, uint64_t value);
  /** Sets the beginning of a `const volatile` global that is larger. */
  Status SetConstant(const char* name, std::span<const uint8_t> bytes);
  bpf_map* Map(const char* name) const { return bpf_object__find_map_by_name(object_.get(), name); }
  int MapFd(const char* name) const;
  bpf_object* get() const { return object_.get(); }

 private:
  explicit BpfObject(bpf_object* object) : object_(object) {}
  Result<std::span<char>> Constant(const char* name);
  std::unique_ptr<bpf_object, CloseObject> object_;
};

}  // namespace wasprey
