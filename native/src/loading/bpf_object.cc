// Without a skeleton: globals are found by the object's BTF.

#include "loading/bpf_object.h"

#include <bpf/btf.h>

#include <cerrno>
#include <cstring>

#include "loading/bpf_error.h"
#include "loading/ready_program.h"

namespace wasprey {
namespace {

/** An installed Wasprey has no sources to build. */
constexpr char kAdvice[] = " Install Wasprey again; in a checkout: make -C native.";

Error SizeError(const char* name) {
  return Error{"CAPTURE_OBJECT", std::string("The BPF object's constant ") + name + " has another size." + kAdvice, ""};
}

}  // namespace

Result<BpfObject> BpfObject::Open(const std::string& path) {
  if (!PrepareForReadyPrograms()) return LoadError("Preparing to load BPF programs", ENOMEM);
  bpf_object* object = bpf_object__open_file(path.c_str(), nullptr);
  if (object == nullptr) {
    return Error{"CAPTURE_OBJECT", "Cannot open the BPF object " + path + "." + kAdvice, BpfErrorText(errno)};
  }
  return BpfObject(object);
}

Result<std::span<char>> BpfObject::Constant(const char* name) {
  const Error missing{"CAPTURE_OBJECT", std::string("The BPF object has no constant ") + name + "." + kAdvice, ""};
  bpf_map* const map = Map(".rodata");
  const btf* const types = bpf_object__btf(object_.get());
  if (map == nullptr || types == nullptr) return missing;
  size_t size = 0;
  auto* const bytes = static_cast<char*>(bpf_map__initial_value(map, &size));
  const int section = btf__find_by_name_kind(types, ".rodata", BTF_KIND_DATASEC);
  if (bytes == nullptr || section < 0) return missing;
  const btf_type* const type = btf__type_by_id(types, static_cast<uint32_t>(section));
  const btf_var_secinfo* const variables = btf_var_secinfos(type);
  for (int i = 0; i < btf_vlen(type); i++) {
    const btf_type* const variable = btf__type_by_id(types, variables[i].type);
    if (strcmp(btf__name_by_offset(types, variable->name_off), name) != 0) continue;
    if (variables[i].offset > size || variables[i].size > size - variables[i].offset) return missing;
    return std::span(bytes + variables[i].offset, variables[i].size);
  }
  return missing;
}

Status BpfObject::SetConstant(const char* name, uint64_t value) {
  auto place = Constant(name);
  if (!place) return std::move(place.error());
  if (place->size() != sizeof value) return SizeError(name);
  memcpy(place->data(), &value, sizeof value);
  return std::nullopt;
}

Status BpfObject::SetConstant(const char* name, std::span<const uint8_t> bytes) {
  auto place = Constant(name);
  if (!place) return std::move(place.error());
  if (place->size() < bytes.size()) return SizeError(name);
  memcpy(place->data(), bytes.data(), bytes.size());
  return std::nullopt;
}

int BpfObject::MapFd(const char* name) const {
  const bpf_map* const map = Map(name);
  return map == nullptr ? -1 : bpf_map__fd(map);
}

}  // namespace wasprey
