// Numbers that nobody can guess.
#pragma once

#include <cstdint>

namespace wasprey {

/** 64 random bits. */
uint64_t RandomSecret();

}  // namespace wasprey
