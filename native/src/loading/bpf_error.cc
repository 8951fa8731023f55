// Detects the usual reasons: no privilege, no BTF. All other errors show the kernel's message.

#include "loading/bpf_error.h"

#include <bpf/libbpf.h>
#include <linux/capability.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace wasprey {
namespace {

/** A verifier's log has its verdict at the end. */
constexpr size_t kLogKept = 4096;

thread_local std::string bpf_log;

int AppendLog(libbpf_print_level level, const char* format, va_list arguments) {
  if (level == LIBBPF_DEBUG) return 0;
  char* line = nullptr;
  const int length = vasprintf(&line, format, arguments);
  if (length < 0) return 0;
  bpf_log.append(line, static_cast<size_t>(length));
  free(line);
  if (bpf_log.size() > 4 * kLogKept) bpf_log.erase(0, bpf_log.size() - kLogKept);
  return 0;
}

uint64_t EffectiveCapabilities() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("CapEff:")) return strtoull(line.c_str() + 7, nullptr, 16);
  }
  return 0;
}

bool Has(uint64_t capabilities, int number) { return (capabilities >> number & 1) != 0; }

/** Names of the capabilities that BPF needs and this process lacks. */
std::string MissingCapabilities() {
  const uint64_t have = EffectiveCapabilities();
  if (Has(have, CAP_SYS_ADMIN)) return "";
  std::string missing;
  const auto need = [&](int number, const char* name) {
    if (!Has(have, number)) missing.append(missing.empty() ? "" : ", ").append(name);
  };
  need(CAP_BPF, "CAP_BPF");
  need(CAP_PERFMON, "CAP_PERFMON");
  need(CAP_SYS_PTRACE, "CAP_SYS_PTRACE");
  return missing;
}

}  // namespace

void BeginBpfLog() {
  bpf_log.clear();
  libbpf_set_print(AppendLog);
}

std::string BpfLog() { return bpf_log.size() <= kLogKept ? bpf_log : bpf_log.substr(bpf_log.size() - kLogKept); }

std::string BpfErrorText(int number) {
  if (number < __LIBBPF_ERRNO__START) return ErrnoText(number);
  char text[128];
  libbpf_strerror(number, text, sizeof text);
  return text;
}

std::string MissingNetworkCapability() {
  const uint64_t have = EffectiveCapabilities();
  return Has(have, CAP_NET_ADMIN) || Has(have, CAP_SYS_ADMIN) ? "" : "CAP_NET_ADMIN is missing";
}

Status CheckKernel() {
  if (access("/sys/kernel/btf/vmlinux", R_OK) != 0) {
    return Error{"CAPTURE_NO_BTF",
                 "The kernel has no type information (/sys/kernel/btf/vmlinux is missing). Use a kernel built with "
                 "CONFIG_DEBUG_INFO_BTF=y, as all current distributions do; in a container, mount /sys.",
                 ErrnoText(errno)};
  }
  return std::nullopt;
}

Error LoadError(const std::string& what, int number) {
  std::string detail = BpfErrorText(number);
  const std::string log = BpfLog();
  if (!log.empty()) detail.append("\n").append(log);
  const std::string missing = MissingCapabilities();
  if ((number == EPERM || number == EACCES) && !missing.empty()) {
    return Error{"CAPTURE_PERMISSION",
                 "Capturing events is not permitted: missing " + missing + ". Run as root, or give these capabilities.",
                 std::move(detail)};
  }
  if (number == ENOMEM || number == E2BIG) {
    return Error{"CAPTURE_MEMORY",
                 what + " failed: not enough memory. Lower the ring budget, or raise the container's memory limit.",
                 std::move(detail)};
  }
  return Error{"CAPTURE_LOAD", what + " failed. Linux 6.1 or later is needed; the detail has the kernel's message.",
               std::move(detail)};
}

Error RefusalError(const std::string& program, int number, const std::string& log) {
  const bool permitted = MissingCapabilities().empty();
  if ((number == EPERM || number == EACCES) && !permitted) return LoadError("Loading " + program, number);
  const std::string end = log.size() <= kLogKept ? log : log.substr(log.size() - kLogKept);
  return Error{"CAPTURE_LOAD",
               "This kernel refuses the BPF program " + program + ", which the capture needs: " + VerdictOf(log) +
                   ". `wasprey doctor` checks all programs.",
               BpfErrorText(number) + "\n" + end};
}

std::string VerdictOf(const std::string& log) {
  std::istringstream lines(log);
  std::string verdict;
  for (std::string line; std::getline(lines, line);) {
    // libbpf replaces an instruction that it could not relocate by this.
    if (line.starts_with("failed to resolve CO-RE relocation")) return line;
    // Statistics follow the verdict.
    if (line.starts_with("processed ") || line.starts_with("verification time ")) break;
    if (!line.empty()) verdict = line;
  }
  return verdict;
}

uint32_t PossibleCpus() {
  // Checked before loading: without /sys, libbpf would write to standard error.
  libbpf_set_print(AppendLog);
  const int cpus = libbpf_num_possible_cpus();
  return cpus > 0 ? static_cast<uint32_t>(cpus) : 1;
}

}  // namespace wasprey
