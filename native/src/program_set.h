// BPF programs that go to each other by tail calls: all of them or, with fexit, those of the exits of functions of one
// prototype, or those of the tracepoints. They are loaded when an event type needs them first.
#pragma once

#include <linux/bpf.h>

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
#include "call_functions.h"
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

/** Which programs are in a set, and how they are loaded. */
struct SetOptions {
  /** The object file. */
  std::string path;
  AfterRefusal after_refusal;
  Attachment attachment;
  /** Whether on_call() is on exits: see on_exits in native/bpf/maps.h. */
  bool on_exits = false;
  /** Then: the functions of the set; none: it has the programs of the tracepoints. */
  std::vector<CallFunction> functions = {};
};

/** The instructions of a program that is loaded, for another load of it. */
struct ProgramCode {
  std::vector<bpf_insn> instructions;
  /** The maps that they name. */
  std::vector<FileDescriptor> maps;
};

class ProgramSet {
 public:
  /** `map` gives the descriptor of a map that the sets share; -1: it is not made. */
  ProgramSet(SetOptions options, std::function<int(const char* name)> map)
      : options_(std::move(options)), map_(std::move(map)) {}

  /** Makes its table of programs for tail calls, unless it is that of the shared maps. */
  Status MakeTable();
  /** That table. */
  int Table() const { return table_ ? table_.get() : map_("programs"); }
  /** Loads the missing ones of `all` programs that events of those types need, and those always needed, on so many
   * threads. Optional programs that the kernel refuses are left out. */
  Status Load(const BpfObject& all, const std::set<uint64_t>& event_types, const ProgramConstants& constants,
              size_t threads);
  /** Loads those of these programs that belong to the set, but those that the kernel refuses. */
  Status LoadAll(const std::set<std::string_view>& programs, const ProgramConstants& constants);
  void Clear();
  /** Unloads programs that enforce. */
  void ForgetEnforcers();

  /** Whether all programs for events of those types are loaded. */
  bool Has(const BpfObject& all, const std::set<uint64_t>& event_types) const;
  /** The programs that the kernel has refused so far. */
  std::vector<RefusedProgram> Refused() const;
  /** Descriptor of a program that is loaded; -1: it is not. */
  int Find(std::string_view name) const;
  void ForEach(const std::function<void(const std::string& name, const LoadedProgram& program)>& visit) const;
  const std::vector<CallFunction>& functions() const { return options_.functions; }
  /** Of on_call(), once it is loaded for exits. */
  const ProgramCode& on_call() const { return on_call_; }

 private:
  /** The result of loading some programs. `refused` names the program that the verifier refuses, if that is why. */
  struct Attempt {
    Status failed;
    std::string refused;
  };
  bool Belongs(std::string_view program) const;
  bool Serves(std::string_view program, const std::set<uint64_t>* event_types) const;
  bool Needs(std::string_view program, const std::set<uint64_t>& event_types) const;
  std::vector<std::set<std::string_view>> Split(const BpfObject& all, const std::set<uint64_t>& event_types,
                                                size_t threads) const;
  Status LoadPart(std::set<std::string_view> programs, const ProgramConstants& constants);
  Attempt TryToLoad(const std::set<std::string_view>& programs, const ProgramConstants& constants);
  Status Configure(BpfObject* object, const std::set<std::string_view>& programs,
                   const ProgramConstants& constants) const;
  Status SetType(bpf_program* program) const;
  Attempt NoteRefusal(const BpfObject& object, int error);
  Status Keep(const BpfObject& object);
  Status KeepCode(const bpf_program* program);
  bool IsSettled(std::string_view name) const;

  SetOptions options_;
  std::function<int(const char*)> map_;
  FileDescriptor table_;
  std::map<std::string, LoadedProgram, std::less<>> programs_;
  std::map<std::string, RefusedProgram, std::less<>> refused_;
  ProgramCode on_call_;
  /** Load() may run on a separate thread while others read. */
  mutable std::mutex mutex_;
};

}  // namespace wasprey
