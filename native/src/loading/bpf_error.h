// Errors of loading and attaching BPF programs, with a suggested fix.
#pragma once

#include <cstdint>
#include <string>

#include "system/result.h"

namespace wasprey {

/** Collects libbpf's output (warnings, the verifier's log) from here on, on this thread. */
void BeginBpfLog();
/** The end of the collected output. */
std::string BpfLog();

/** Text of an errno, or of one of libbpf's own numbers. */
std::string BpfErrorText(int number);

/** That the capability is missing which programs on control groups need; empty if this process has it. */
std::string MissingNetworkCapability();

/** Checks the kernel's type information, which is required, before loading. */
Status CheckKernel();

/** Error of loading the object or attaching `what`, for a (positive) errno. */
Error LoadError(const std::string& what, int number);

/** The same for a program that the verifier refuses, with its verdict and the end of its log. */
Error RefusalError(const std::string& program, int number, const std::string& log);

/** The line of a verifier's log with the reason for the refusal; empty if the log has no such line. */
std::string VerdictOf(const std::string& log);

/** Number of possible CPUs: those a kernel may bring up, not only those that run. */
uint32_t PossibleCpus();

}  // namespace wasprey
