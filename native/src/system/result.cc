// Errors of system calls.

#include "system/result.h"

#include <cstring>

namespace wasprey {

std::string ErrnoText(int number) {
  const char* name = strerrorname_np(number);
  const char* description = strerrordesc_np(number);
  std::string text = name != nullptr ? name : "errno " + std::to_string(number);
  if (description != nullptr) text.append(": ").append(description);
  return text;
}

Error SystemError(const char* code, std::string message, int number) {
  return Error{code, std::move(message), ErrnoText(number)};
}

}  // namespace wasprey
