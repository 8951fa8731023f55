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

#include "attachment.h"
#include "bpf_object.h"
#include "enforcement_pins.h"
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

/** A program that the verifier refuses. */
struct RefusedProgram {
  std::string name;
  /** The section in the object file. */
  std::string section;
  /** errno and the verifier's verdict. */
  std::string detail;
};

/** What to do when the kernel refuses a program that is not optional (missing_hook.h). */
enum class AfterRefusal {
  kFail,
  /** Fail, but only after loading the other programs: for a diagnosis of all. */
  kTryOthers,
};

class BpfPrograms {
 public:
  /** `path` is the object file's. Nothing is loaded yet. */
  BpfPrograms(std::string path, AfterRefusal after_refusal, Attachment attachment)
      : path_(std::move(path)), after_refusal_(after_refusal), attachment_(attachment) {}

  /** Makes the maps. `size` is given the object before, to set their sizes. */
  Status MakeMaps(const ProgramConstants& constants, const std::function<Status(BpfObject*)>& size);
  /** Loads the missing programs that events of those types need, and those always needed. Optional programs that
   * the kernel refuses are left out. On the thread that calls it. */
  Status Load(const std::set<uint64_t>& event_types);
  /** Makes the maps of enforcement, if there are none; of those that are pinned, it takes what an agent before has
   * left. Returns whether it has taken any. */
  Result<bool> MakeEnforcementMaps(const PinSettings* pins);
  /** Descriptor of one of them; -1 without. */
  int EnforcementMapFd(const char* name) const { return enforcement_maps_ ? enforcement_maps_->MapFd(name) : -1; }
  /** Loads programs that enforce, but those that the kernel refuses. */
  Status LoadEnforcers(const std::set<std::string_view>& programs);
  /** Unloads them, with their maps. */
  void ForgetEnforcers();
  /** Why the kernel refuses a program, if it does. */
  std::optional<std::string> RefusalOf(std::string_view name) const;
  /** Whether all programs for events of those types are loaded. */
  bool Has(const std::set<uint64_t>& event_types) const;
  /** The programs that the kernel has refused so far. */
  std::vector<RefusedProgram> Refused() const;
  void Clear();

  /** Descriptor of a program that is loaded; -1: it is not. */
  int Find(std::string_view name) const;
  void ForEach(const std::function<void(const std::string& name, const LoadedProgram& program)>& visit) const;
  std::vector<ProgramRuns> Runs() const;

  bool has_maps() const { return maps_.has_value(); }
  /** After MakeMaps(). */
  const BpfObject& maps() const { return *maps_; }

 private:
  /** The result of loading some programs. `refused` names the program that the verifier refuses, if that is why. */
  struct Attempt {
    Status failed;
    std::string refused;
  };
  Status LoadPart(std::set<std::string_view> programs);
  Attempt TryToLoad(const std::set<std::string_view>& programs);
  Status Configure(BpfObject* object, const std::set<std::string_view>& programs) const;
  Attempt NoteRefusal(const BpfObject& object, int error);
  Status Keep(const BpfObject& object);
  static bool ReuseMaps(const BpfObject& object, const PinSettings& settings);
  bool IsSettled(std::string_view name) const;
  std::vector<std::set<std::string_view>> Split(const std::set<uint64_t>& event_types) const;

  std::string path_;
  AfterRefusal after_refusal_;
  Attachment attachment_;
  ProgramConstants constants_{};
  std::optional<BpfObject> maps_;
  std::optional<BpfObject> enforcement_maps_;
  std::map<std::string, LoadedProgram, std::less<>> programs_;
  std::map<std::string, RefusedProgram, std::less<>> refused_;
  /** Load() may run on a separate thread while others read. */
  mutable std::mutex mutex_;
};

}  // namespace wasprey
