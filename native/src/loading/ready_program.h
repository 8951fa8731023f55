// Programs of a BPF object that libbpf has made ready for this kernel, but not loaded: any thread may load them,
// several times if need be. libbpf itself loads one after the other, and for each object it reads the kernel's types
// anew.
#pragma once

#include <bpf/bpf.h>

#include <cstddef>
#include <string>
#include <vector>

#include "loading/bpf_object.h"
#include "system/file_descriptor.h"

namespace wasprey {

class ReadyProgram {
 public:
  ReadyProgram(const bpf_program* program, const bpf_prog_load_opts& options);

  const std::string& name() const { return name_; }
  bpf_prog_type type() const { return type_; }
  const std::vector<bpf_insn>& instructions() const { return instructions_; }
  /** How it is loaded, while its object is there. */
  bpf_prog_load_opts Options() const;
  /** Its instructions with one map in place of another, by their descriptors. */
  std::vector<bpf_insn> WithMap(int map, int replacement) const;

 private:
  std::string name_;
  bpf_prog_type type_;
  bpf_prog_load_opts options_;
  std::vector<bpf_insn> instructions_;
  /** What the verifier gets about functions and source lines. */
  std::vector<std::byte> functions_;
  std::vector<std::byte> lines_;
};

/** Whether an instruction takes the address of a map, or of its value: two words, the first with its descriptor. */
bool NamesMap(const bpf_insn& instruction);

/** Call once, before opening objects whose tracepoint programs are to be prepared. Further calls do nothing. Returns
 * false if out of memory. */
bool PrepareForReadyPrograms();

/**
 * Loads an object: its maps, and the chosen programs, but for those on tracepoints, which are added to `ready`. Returns
 * 0 or a negative errno, as bpf_object__load() does.
 */
int LoadObject(const BpfObject& object, std::vector<ReadyProgram>* ready);

}  // namespace wasprey
