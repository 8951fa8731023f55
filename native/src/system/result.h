// Errors as values: the addon is built without C++ exceptions. An Error becomes a JavaScript Error with the same
// members at the N-API border (addon.cc).
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace wasprey {

struct Error {
  /** Stable, e.g. CAPTURE_LOAD. */
  std::string code;
  /** The error and its fix, in one or two sentences. */
  std::string message;
  /** The kernel's message: errno name, end of the verifier's log. May be empty. */
  std::string detail;
};

/** Empty = success. */
using Status = std::optional<Error>;

/** A value or an error. */
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT: implicit on purpose, as std::expected
  Result(Error error) : state_(std::move(error)) {}  // NOLINT

  explicit operator bool() const { return std::holds_alternative<T>(state_); }
  T& operator*() { return std::get<T>(state_); }
  T* operator->() { return &std::get<T>(state_); }
  Error& error() { return std::get<Error>(state_); }

 private:
  std::variant<T, Error> state_;
};

/** "EPERM: Operation not permitted" for an errno value. */
std::string ErrnoText(int number);

/** An error of a system call, by its errno. */
Error SystemError(const char* code, std::string message, int number);

}  // namespace wasprey
