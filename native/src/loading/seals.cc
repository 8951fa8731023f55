// The kernel never reuses an id, so the same id is the same object.

#include "loading/seals.h"

#include <bpf/bpf.h>

namespace wasprey {
namespace {

uint32_t LinkId(int fd) {
  bpf_link_info info = {};
  uint32_t size = sizeof info;
  return bpf_link_get_info_by_fd(fd, &info, &size) == 0 ? info.id : 0;
}

uint32_t ProgramId(int fd) {
  bpf_prog_info info = {};
  uint32_t size = sizeof info;
  return bpf_prog_get_info_by_fd(fd, &info, &size) == 0 ? info.id : 0;
}

}  // namespace

uint32_t MapId(int fd) {
  bpf_map_info info = {};
  uint32_t size = sizeof info;
  return bpf_map_get_info_by_fd(fd, &info, &size) == 0 ? info.id : 0;
}

void Seals::AddLink(const std::string& name, int fd) { links_[name] = {fd, LinkId(fd)}; }

void Seals::AddMap(const std::string& name, int fd) { maps_.push_back({name, {fd, MapId(fd)}}); }

void Seals::SetSlot(uint32_t key, const std::string& name, int table, int program) {
  slots_[{table, key}] = {name, {program, ProgramId(program)}};
}

void Seals::Check(bool looks_up, Findings* findings) const {
  for (const auto& [name, seal] : links_) {
    if (LinkId(seal.fd) != seal.id) findings->push_back({"link", name});
  }
  for (const auto& [name, seal] : maps_) {
    if (MapId(seal.fd) != seal.id) findings->push_back({"map", name});
  }
  if (!looks_up) return;
  for (const auto& [place, slot] : slots_) {
    const auto& [table, key] = place;
    uint32_t there = 0;
    if (bpf_map_lookup_elem(table, &key, &there) != 0) there = 0;
    if (there == slot.program.id) continue;
    const bool repaired = bpf_map_update_elem(table, &key, &slot.program.fd, BPF_ANY) == 0;
    findings->push_back({"program", slot.name, there, repaired});
  }
}

}  // namespace wasprey
