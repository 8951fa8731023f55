// BPF LSM: whether programs can be attached to the hooks of the kernel's security modules.
#pragma once

#include <optional>
#include <string>

namespace wasprey {

/** Why this kernel runs no programs of BPF LSM; nothing: it does, as a trial has shown. */
std::optional<std::string> LackOfBpfLsm();

}  // namespace wasprey
