#pragma once

#include <string_view>

namespace wasprey {

/** A string that may be absent, which is not the same as empty. */
struct OptionalText {
  bool present = false;
  std::string_view text;
};

}  // namespace wasprey
