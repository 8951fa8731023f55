// Why BPF did not load or attach, in words that say what to do.
#pragma once

#include <cstdint>
#include <string>

#include "result.h"

namespace wasprey {

/** Collects what libbpf has to say (warnings, the verifier's log) from here on, on this thread. */
void BeginBpfLog();
/** The end of what was collected. */
std::string BpfLog();

/** Text of an errno, or of one of libbpf's own numbers. */
std::string BpfErrorText(int number);

/** What nothing can work without, checked before loading: the kernel's type information. */
Status CheckKernel();

/** Error of loading the object or attaching `what`, for a (positive) errno. */
Error LoadError(const std::string& what, int number);

/** The same for a program that the verifier refuses, with its verdict and the end of its log. */
Error RefusalError(const std::string& program, int number, const std::string& log);

/** The line of a verifier's log that says why it refuses the program; empty if the log has no such line. */
std::string VerdictOf(const std::string& log);

/** Number of possible CPUs: those a kernel may bring up, not only those that run. */
uint32_t PossibleCpus();

}  // namespace wasprey
