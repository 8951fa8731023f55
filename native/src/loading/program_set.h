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

#include "loading/bpf_object.h"
#include "loading/call_functions.h"
#include "loading/ready_program.h"
#include "loading/set_options.h"
#include "system/file_descriptor.h"

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
  /** Constants and choice of programs of an object that is to be loaded, for this set or one with the same options. */
  Status Configure(BpfObject* object, const std::set<std::string_view>& programs,
                   const ProgramConstants& constants) const;
  /** The maps of an object become those that the sets share. */
  Status ShareMaps(BpfObject* object) const;
  /** Loads a program of an object whose table of programs is `table`. One that is optional is left out if the kernel
   * refuses it. May be called by several threads. */
  Status LoadReady(const ReadyProgram& program, int table, const ProgramConstants& constants);
  /** Keeps the descriptors of the programs of an object that are loaded, but those that are only ready to be. */
  Status Keep(const BpfObject& object, const std::vector<ReadyProgram>& ready);
  /** Loads those of these programs that the set is to have and has not. Leaves out those that the kernel refuses. Each
   * attempt opens an object of its own. */
  Status LoadMissing(const std::set<std::string_view>& programs, const ProgramConstants& constants);
  void Clear();
  /** Unloads programs that enforce. */
  void ForgetEnforcers();

  /** Whether a program is ever in this set, and is not loaded. */
  bool IsMissing(std::string_view program) const { return options_.Has(program) && Find(program) < 0; }
  /** Whether it is to be loaded for events of those types, or is always needed, and was not tried yet. */
  bool Lacks(std::string_view program, const std::set<uint64_t>& event_types) const {
    return options_.Needs(program, event_types) && !IsSettled(program);
  }
  /** Whether it is loaded, or the kernel refuses it and would do so again. */
  bool IsSettled(std::string_view program) const;
  /** The programs that the kernel has refused so far. */
  std::vector<RefusedProgram> Refused() const;
  /** Descriptor of a program that is loaded; -1: it is not. */
  int Find(std::string_view name) const;
  void ForEach(const std::function<void(const std::string& name, const LoadedProgram& program)>& visit) const;
  const std::vector<CallFunction>& functions() const { return options_.functions; }
  /** Of on_call(), once it is loaded for exits. */
  const ProgramCode& on_call() const { return on_call_; }

 private:
  /** The result of loading some programs. */
  struct Attempt {
    Status failed;
    /** The programs that the kernel refuses; empty if that is not why, or it is not known which. */
    std::vector<std::string> refused;
  };
  Status LoadPart(std::set<std::string_view> programs, const ProgramConstants& constants);
  Attempt TryToLoad(const std::set<std::string_view>& programs, const ProgramConstants& constants);
  bpf_prog_type TypeOf(std::string_view program, bpf_prog_type type) const;
  Status SetType(bpf_program* program) const;
  Attempt NoteRefusal(const BpfObject& object, int error);
  std::vector<std::string> NoteUnpermitted(const BpfObject& object);
  Status Keep(std::string_view program, bpf_prog_type type, FileDescriptor fd, std::vector<bpf_insn> instructions);
  Status KeepCode(std::vector<bpf_insn> instructions);
  SetOptions options_;
  std::function<int(const char*)> map_;
  FileDescriptor table_;
  std::map<std::string, LoadedProgram, std::less<>> programs_;
  std::map<std::string, RefusedProgram, std::less<>> refused_;
  ProgramCode on_call_;
  /** LoadReady() may run on a separate thread while others read. */
  mutable std::mutex mutex_;
};

}  // namespace wasprey
