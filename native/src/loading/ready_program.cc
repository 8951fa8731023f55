// libbpf calls back right before it loads a program. At that moment the finished program is kept, and libbpf is handed
// one that does nothing to load instead.

#include "loading/ready_program.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <iterator>

namespace wasprey {
namespace {

constexpr bpf_insn kNothing[] = {
    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = 0},
    {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
};

/** Where this thread collects programs; null: libbpf loads them. */
thread_local std::vector<ReadyProgram>* collected = nullptr;

int Collect(bpf_program* program, bpf_prog_load_opts* options, long /*cookie*/) {
  if (collected == nullptr) return 0;
  collected->emplace_back(program, *options);
  options->func_info_cnt = options->line_info_cnt = 0;
  bpf_insn nothing[std::size(kNothing)];
  std::copy(std::begin(kNothing), std::end(kNothing), nothing);
  return bpf_program__set_insns(program, nothing, std::size(nothing));
}

std::vector<std::byte> Copy(const void* bytes, size_t size) {
  const auto* const begin = static_cast<const std::byte*>(bytes);
  return begin == nullptr ? std::vector<std::byte>() : std::vector<std::byte>(begin, begin + size);
}

/** For a section, or those that begin with it if it ends in a slash. */
bool Handle(const char* section, bpf_prog_type type, bpf_attach_type attach) {
  libbpf_prog_handler_opts options{};
  options.sz = sizeof options;
  options.prog_prepare_load_fn = Collect;
  return libbpf_register_prog_handler(section, type, attach, &options) > 0;
}

bool HandleAll() {
  return Handle("raw_tp", BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_CGROUP_INET_INGRESS) &&
         Handle("tp", BPF_PROG_TYPE_TRACEPOINT, BPF_CGROUP_INET_INGRESS) &&
         Handle("tp_btf/", BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP) &&
         Handle("iter.s/", BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER);
}

}  // namespace

ReadyProgram::ReadyProgram(const bpf_program* program, const bpf_prog_load_opts& options)
    : name_(bpf_program__name(program)),
      type_(bpf_program__type(program)),
      options_(options),
      instructions_(bpf_program__insns(program), bpf_program__insns(program) + bpf_program__insn_cnt(program)),
      functions_(Copy(options.func_info, size_t{options.func_info_cnt} * options.func_info_rec_size)),
      lines_(Copy(options.line_info, size_t{options.line_info_cnt} * options.line_info_rec_size)) {}

bpf_prog_load_opts ReadyProgram::Options() const {
  bpf_prog_load_opts options = options_;
  options.func_info = functions_.empty() ? nullptr : functions_.data();
  options.line_info = lines_.empty() ? nullptr : lines_.data();
  // Of functions of kernel modules, which no program calls; libbpf frees it.
  options.fd_array = nullptr;
  options.log_buf = nullptr;
  options.log_size = options.log_level = 0;
  return options;
}

bool NamesMap(const bpf_insn& instruction) {
  return instruction.code == (BPF_LD | BPF_IMM | BPF_DW) &&
         (instruction.src_reg == BPF_PSEUDO_MAP_FD || instruction.src_reg == BPF_PSEUDO_MAP_VALUE);
}

std::vector<bpf_insn> ReadyProgram::WithMap(int map, int replacement) const {
  std::vector<bpf_insn> instructions = instructions_;
  for (bpf_insn& instruction : instructions) {
    if (NamesMap(instruction) && instruction.imm == map) instruction.imm = replacement;
  }
  return instructions;
}

bool PrepareForReadyPrograms() {
  static const bool is_done = HandleAll();
  return is_done;
}

int LoadObject(const BpfObject& object, std::vector<ReadyProgram>* ready) {
  collected = ready;
  const int error = bpf_object__load(object.get());
  collected = nullptr;
  return error;
}

}  // namespace wasprey
