// mmap(MAP_FIXED) into a WebAssembly.Memory: probed on Node 20 and 24, survives GC and exit as long as the memory can
// not grow (initial = maximum).

#include "system/memory_map.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <string>
#include <utility>

namespace wasprey {
namespace {

Error MapError(const char* what, int number) {
  return Error{"CAPTURE_MEMORY", std::string("Cannot map the ") + what + "; is there enough memory?",
               ErrnoText(number)};
}

}  // namespace

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Mapping::~Mapping() {
  if (data_ != nullptr) munmap(data_, size_);
}

Result<Mapping> Mapping::Map(int fd, size_t length, int protection, size_t offset, const char* what) {
  void* address = mmap(nullptr, length, protection, MAP_SHARED, fd, static_cast<off_t>(offset));
  if (address == MAP_FAILED) return MapError(what, errno);
  return Mapping(static_cast<std::byte*>(address), length);
}

SandboxView::SandboxView(SandboxView&& other) noexcept
    : sandbox_(std::exchange(other.sandbox_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SandboxView& SandboxView::operator=(SandboxView&& other) noexcept {
  std::swap(sandbox_, other.sandbox_);
  std::swap(size_, other.size_);
  return *this;
}

SandboxView::~SandboxView() {
  if (sandbox_ == nullptr) return;
  mmap(sandbox_, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

Result<SandboxView> SandboxView::Map(std::byte* sandbox, size_t length, int fd, const char* what) {
  if (mmap(sandbox, length, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED) return MapError(what, errno);
  SandboxView view;
  view.sandbox_ = sandbox;
  view.size_ = length;
  return view;
}

Result<SandboxRegion> SandboxRegion::Map(std::byte* sandbox, size_t length, int fd, const char* what) {
  auto writable = Mapping::Map(fd, length, PROT_READ | PROT_WRITE, 0, what);
  if (!writable) return std::move(writable.error());
  auto view = SandboxView::Map(sandbox, length, fd, what);
  if (!view) return std::move(view.error());
  return SandboxRegion(std::move(*view), std::move(*writable));
}

Result<FileDescriptor> MakeMemoryFile(const char* name, size_t length) {
  FileDescriptor file(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file || ftruncate(file.get(), static_cast<off_t>(length)) != 0) return MapError(name, errno);
  // Nobody may shrink it under the sandbox's mapping.
  fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  return file;
}

}  // namespace wasprey
