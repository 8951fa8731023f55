// Two things are needed: `bpf` is in the list of security modules that the kernel was started with, or it calls no such
// program; and the processor's trampolines can be attached to a hook, which arm64's can from 6.4 on.

#include "bpf_lsm.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>

#include "bpf_error.h"
#include "file_descriptor.h"

namespace wasprey {
namespace {

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

/** Attaches a program that allows all opens for a moment. */
std::optional<std::string> TryHook() {
  const bpf_insn allow[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = 0},
      {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
  };
  BeginBpfLog();
  const int hook = libbpf_find_vmlinux_btf_id("file_open", BPF_LSM_MAC);
  if (hook < 0) return "its type information has no hooks of security modules";
  bpf_prog_load_opts options{};
  options.sz = sizeof options;
  options.expected_attach_type = BPF_LSM_MAC;
  options.attach_btf_id = static_cast<__u32>(hook);
  const FileDescriptor program(
      bpf_prog_load(BPF_PROG_TYPE_LSM, "wasprey_trial", "GPL", allow, std::size(allow), &options));
  if (!program) return "it loads no program for their hooks: " + BpfErrorText(errno);
  const FileDescriptor link(bpf_raw_tracepoint_open(nullptr, program.get()));
  if (!link) return "it attaches no program to their hooks: " + BpfErrorText(errno);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> LackOfBpfLsm() {
  const auto modules = SecurityModules();
  if (!modules) return "its list of security modules can't be read";
  if (("," + *modules + ",").find(",bpf,") == std::string::npos)
    return "bpf is not among its security modules: " + *modules;
  return TryHook();
}

}  // namespace wasprey
