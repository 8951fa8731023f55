// The BPF programs that are loaded, and the maps they share. Programs are loaded when an event type needs them first,
// on several threads at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bpf_object.h"
#include "event_source.h"
#include "file_descriptor.h"

namespace wasprey {

/** What the programs are loaded with. */
struct ProgramConstants {
  uint64_t ring_size;
  uint64_t ring_secret;
};

struct LoadedProgram {
  FileDescriptor fd;
  bpf_prog_type type;
};

class BpfPrograms {
 public:
  /** `path` is the object file's. Nothing is loaded yet. */
  explicit BpfPrograms(std::string path) : path_(std::move(path)) {}

  /** Makes the maps. `size` is given the object before, to set their sizes. */
  Status MakeMaps(const ProgramConstants& constants, const std::function<Status(BpfObject*)>& size);
  /** Loads what events of those types need besides what is always needed, and is not there yet. On the thread that
   * calls it. */
  Status Load(const std::set<uint64_t>& event_types);
  bool Has(const std::set<uint64_t>& event_types) const;
  void Clear();

  /** Descriptor of a program that is loaded; -1: it is not. */
  int Find(std::string_view name) const;
  void ForEach(const std::function<void(const std::string& name, const LoadedProgram& program)>& visit) const;
  std::vector<ProgramRuns> Runs() const;

  bool has_maps() const { return maps_.has_value(); }
  /** After MakeMaps(). */
  const BpfObject& maps() const { return *maps_; }

 private:
  Status LoadPart(const std::set<std::string_view>& programs);
  std::vector<std::set<std::string_view>> Split(const std::set<uint64_t>& event_types) const;

  std::string path_;
  ProgramConstants constants_{};
  std::optional<BpfObject> maps_;
  std::map<std::string, LoadedProgram, std::less<>> programs_;
  /** Load() may run on a thread of its own while others look. */
  mutable std::mutex mutex_;
};

}  // namespace wasprey
