#include "loading/enforcement_pins.h"

#include <bpf/bpf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>

#include "bpf/enforce/enforce_tables.h"
#include "loading/bpf_error.h"
#include "records/kernel_layout.h"

namespace wasprey {
namespace {

/** Of a link or a map; 0: not known. */
uint32_t IdOf(int object) {
  union {
    bpf_link_info link;
    bpf_map_info map;
  } info{};
  uint32_t size = sizeof info;
  if (bpf_obj_get_info_by_fd(object, &info, &size) != 0) return 0;
  // The id is the second word of both.
  static_assert(offsetof(bpf_link_info, id) == offsetof(bpf_map_info, id));
  return info.map.id;
}

}  // namespace

bool EnforcementPins::IsBySameSettings() const {
  const FileDescriptor map = Map("enforce_counts");
  const uint32_t key = 0;
  enforce_counts counts{};
  return map && bpf_map_lookup_elem(map.get(), &key, &counts) == 0 && counts.never == settings_.never;
}

std::string EnforcementPins::MapFile(std::string_view name) {
  return std::string(name) + "-" + std::to_string(ENFORCE_PINNED_LAYOUT);
}

FileDescriptor EnforcementPins::Open(const std::string& name) const {
  return FileDescriptor(bpf_obj_get((settings_.folder + "/" + name).c_str()));
}

/** A file system of BPF has no way to replace a file at once. What was in it is in no further use. */
Status EnforcementPins::Hold(const std::string& name, int object) const {
  const std::string path = settings_.folder + "/" + name;
  if (const FileDescriptor held = Open(name); held && IdOf(held.get()) == IdOf(object)) return std::nullopt;
  if (mkdir(settings_.folder.c_str(), 0700) != 0 && errno != EEXIST)
    return LoadError("Making " + settings_.folder, errno);
  unlink(path.c_str());
  if (bpf_obj_pin(object, path.c_str()) != 0) return LoadError("Pinning " + path, errno);
  return std::nullopt;
}

void EnforcementPins::RemoveOtherLayouts() const {
  std::error_code error;
  std::filesystem::directory_iterator files(settings_.folder, error);
  for (; !error && files != std::filesystem::directory_iterator(); files.increment(error)) {
    const std::string file = files->path().filename();
    for (const std::string_view map : kPinnedMaps) {
      if (file.starts_with(std::string(map) + "-") && file != MapFile(map)) unlink(files->path().c_str());
    }
  }
}

}  // namespace wasprey
