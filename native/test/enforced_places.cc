#include "enforced_places.h"

#include <bpf/bpf.h>

#include <filesystem>
#include <string>
#include <unordered_set>

#include "enforcement/enforced_places.h"
#include "system/file_descriptor.h"

namespace wasprey {
namespace {

std::string TextAt(const Napi::Array& step, uint32_t index) { return step.Get(index).ToString().Utf8Value(); }
uint64_t NumberAt(const Napi::Array& step, uint32_t index) {
  return static_cast<uint64_t>(step.Get(index).ToNumber().Int64Value());
}

void Keep(const Napi::Array& step, EnforcedPlaces* places) {
  std::unordered_set<uint64_t> used;
  for (uint32_t i = 1; i < step.Length(); i++) used.insert(NumberAt(step, i));
  static_cast<void>(places->TakeLack());
  places->ForgetOthersThan(used);
}

Napi::Object ContentOf(Napi::Env env, int map) {
  Napi::Object content = Napi::Object::New(env);
  uint64_t cgroup = 0;
  for (bool more = bpf_map_get_next_key(map, nullptr, &cgroup) == 0; more;
       more = bpf_map_get_next_key(map, &cgroup, &cgroup) == 0) {
    enforce_cgroup entry{};
    if (bpf_map_lookup_elem(map, &cgroup, &entry) != 0) continue;
    Napi::Array pair = Napi::Array::New(env);
    pair.Set(0U, entry.where);
    pair.Set(1U, entry.permitted);
    content.Set(std::to_string(cgroup), pair);
  }
  return content;
}

/** No cgroup has such a number. */
constexpr uint64_t kNoCgroup = uint64_t{1} << 63;

/** The descriptor that this process has of the map; -1 without. */
int OwnMap() {
  for (const auto& file : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::stoi(file.path().filename());
    bpf_map_info found{};
    uint32_t size = sizeof found;
    if (std::filesystem::read_symlink(file.path()) != "anon_inode:bpf-map") continue;
    if (bpf_map_get_info_by_fd(fd, &found, &size) == 0 && std::string(found.name) == "enforce_cgroups") return fd;
  }
  return -1;
}

}  // namespace

Napi::Value FillPlaces(const Napi::CallbackInfo& info) {
  const int map = OwnMap();
  const enforce_cgroup entry{};
  uint64_t number = 0;
  for (uint64_t key = kNoCgroup; bpf_map_update_elem(map, &key, &entry, BPF_ANY) == 0; key++) number++;
  return Napi::Number::New(info.Env(), static_cast<double>(number));
}

void EmptyPlaces(const Napi::CallbackInfo&) {
  const int map = OwnMap();
  for (uint64_t key = kNoCgroup; bpf_map_delete_elem(map, &key) == 0;) key++;
}

Napi::Value EnforcedPlacesAfter(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const FileDescriptor map(bpf_map_create(BPF_MAP_TYPE_HASH, "test_places", sizeof(uint64_t), sizeof(enforce_cgroup),
                                          info[0].ToNumber().Uint32Value(), nullptr));
  if (!map) {
    Napi::Error::New(env, "the kernel makes no map").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  EnforcedPlaces places;
  places.Use(map.get());
  Napi::Array known = Napi::Array::New(env);
  const auto steps = info[1].As<Napi::Array>();
  for (uint32_t i = 0; i < steps.Length(); i++) {
    const auto step = steps.Get(i).As<Napi::Array>();
    const std::string what = TextAt(step, 0);
    if (what == "note") known.Set(known.Length(), places.Note(NumberAt(step, 1), TextAt(step, 2)));
    if (what == "permit") places.Permit(TextAt(step, 1), static_cast<uint32_t>(NumberAt(step, 2)));
    if (what == "renew") places.RenewPermits();
    if (what == "forget") places.ForgetPermits();
    if (what == "keep") Keep(step, &places);
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("places", ContentOf(env, map.get()));
  result.Set("known", known);
  result.Set("lacks", places.TakeLack());
  return result;
}

}  // namespace wasprey
