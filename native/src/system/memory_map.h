// Memory that the sandbox may read and the addon may write: one file mapped twice, read-only inside the
// WebAssembly.Memory and writable elsewhere.
#pragma once

#include <cstddef>
#include <utility>

#include "system/file_descriptor.h"
#include "system/result.h"

namespace wasprey {

/** A plain mapping, unmapped with its owner. */
class Mapping {
 public:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  /** mmap of `length` bytes of `fd` from `offset`; `protection` as for mmap. `what` is used in the error. */
  static Result<Mapping> Map(int fd, size_t length, int protection, size_t offset, const char* what);

  std::byte* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  Mapping(std::byte* data, size_t size) : data_(data), size_(size) {}
  std::byte* data_ = nullptr;
  size_t size_ = 0;
};

/** What the sandbox reads of a file. It is replaced by anonymous memory when destroyed, so that V8 never faults. */
class SandboxView {
 public:
  SandboxView() = default;
  SandboxView(SandboxView&& other) noexcept;
  SandboxView& operator=(SandboxView&& other) noexcept;
  ~SandboxView();

  /** Maps `fd`, read-only, over `sandbox` (page-aligned, inside the WebAssembly.Memory). */
  static Result<SandboxView> Map(std::byte* sandbox, size_t length, int fd, const char* what);

  const std::byte* data() const { return sandbox_; }

 private:
  std::byte* sandbox_ = nullptr;
  size_t size_ = 0;
};

/** A region of the sandbox's memory that the addon writes by a mapping of its own. */
class SandboxRegion {
 public:
  /** Maps `fd` as SandboxView does, and once more to write. */
  static Result<SandboxRegion> Map(std::byte* sandbox, size_t length, int fd, const char* what);

  /** The addon's mapping. */
  std::byte* data() const { return writable_.data(); }
  size_t size() const { return writable_.size(); }

 private:
  SandboxRegion(SandboxView view, Mapping writable) : view_(std::move(view)), writable_(std::move(writable)) {}

  SandboxView view_;
  Mapping writable_;
};

/** A sealed-size memory file of zeros. */
Result<FileDescriptor> MakeMemoryFile(const char* name, size_t length);

}  // namespace wasprey
