// BPF LSM: whether programs can be attached to the hooks of the kernel's security modules.
#pragma once

#include <optional>
#include <string>

namespace wasprey {

struct BpfLsmLack {
  /** See BpfLsmCause in host/capture/bpf-lsm.ts. */
  const char* cause;
  std::string text;
};

/** Why this kernel runs no programs of BPF LSM; nothing: it does, as a trial has shown. */
std::optional<BpfLsmLack> LackOfBpfLsm();

}  // namespace wasprey
