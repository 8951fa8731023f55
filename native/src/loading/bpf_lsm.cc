// Two things are needed: `bpf` is in the list of security modules that the kernel was started with, or it calls no such
// program; and the processor's trampolines can be attached to a hook, which arm64's can from 6.4 on. A container may
// not be able to read the list, so a trial shows both.

#include "loading/bpf_lsm.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>

#include "loading/bpf_error.h"
#include "system/file_descriptor.h"

namespace wasprey {
namespace {

/** Without one of them libbpf loads no program of the object. */
constexpr const char* kHooksOfPrograms[] = {"file_open", "bprm_creds_from_file"};

/** Securityfs, which need not be mounted where this process sees it. */
FileDescriptor OpenList() {
  if (FileDescriptor list{open("/sys/kernel/security/lsm", O_RDONLY | O_CLOEXEC)}) return list;
  const FileDescriptor context(static_cast<int>(syscall(SYS_fsopen, "securityfs", FSOPEN_CLOEXEC)));
  if (!context || syscall(SYS_fsconfig, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
    return FileDescriptor();
  const FileDescriptor mount(static_cast<int>(syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, 0)));
  return FileDescriptor(mount ? openat(mount.get(), "lsm", O_RDONLY | O_CLOEXEC) : -1);
}

/** A list with commas; nothing if it can't be read. */
std::optional<std::string> SecurityModules() {
  char text[256];
  const FileDescriptor list = OpenList();
  const ssize_t length = list ? read(list.get(), text, sizeof text) : -1;
  if (length <= 0) return std::nullopt;
  std::string modules(text, length);
  while (modules.ends_with('\n')) modules.pop_back();
  return modules;
}

/** Why there is none: the list where it shows that, or else what a trial has shown. */
BpfLsmLack Lack(const BpfLsmLack& shown) {
  const auto modules = SecurityModules();
  const bool is_listed = !modules || ("," + *modules + ",").find(",bpf,") != std::string::npos;
  return is_listed ? shown : BpfLsmLack{"unlisted", "bpf is not among its security modules: " + *modules};
}

}  // namespace

/** Attaches a program for a moment that allows all opens, and notes that it has been called; and opens a file. */
std::optional<BpfLsmLack> LackOfBpfLsm() {
  BeginBpfLog();
  const FileDescriptor note(bpf_map_create(BPF_MAP_TYPE_ARRAY, "wasprey_trial", sizeof(uint32_t), 8, 1, nullptr));
  if (!note) return BpfLsmLack{"refused", "it makes no map: " + BpfErrorText(errno)};
  const bpf_insn program[] = {
      {.code = BPF_LD | BPF_DW | BPF_IMM,
       .dst_reg = BPF_REG_1,
       .src_reg = BPF_PSEUDO_MAP_VALUE,
       .off = 0,
       .imm = note.get()},
      {.code = 0, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
      {.code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_1, .src_reg = 0, .off = 0, .imm = 1},
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = 0},
      {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
  };
  for (const char* const name : kHooksOfPrograms) {
    if (libbpf_find_vmlinux_btf_id(name, BPF_LSM_MAC) < 0)
      return BpfLsmLack{"not-built",
                        std::string("its type information lacks the hook ") + name + " of security modules"};
  }
  const int hook = libbpf_find_vmlinux_btf_id(kHooksOfPrograms[0], BPF_LSM_MAC);
  bpf_prog_load_opts options{};
  options.sz = sizeof options;
  options.expected_attach_type = BPF_LSM_MAC;
  options.attach_btf_id = static_cast<__u32>(hook);
  const FileDescriptor loaded(
      bpf_prog_load(BPF_PROG_TYPE_LSM, "wasprey_trial", "GPL", program, std::size(program), &options));
  if (!loaded) return Lack({"refused", "it loads no program for hooks of security modules: " + BpfErrorText(errno)});
  const FileDescriptor link(bpf_raw_tracepoint_open(nullptr, loaded.get()));
  if (!link) return Lack({"refused", "it attaches no program to hooks of security modules: " + BpfErrorText(errno)});
  const FileDescriptor opened(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const uint32_t key = 0;
  uint64_t called = 0;
  if (bpf_map_lookup_elem(note.get(), &key, &called) == 0 && called != 0) return std::nullopt;
  return Lack({"unlisted", "bpf is not among its security modules"});
}

}  // namespace wasprey
