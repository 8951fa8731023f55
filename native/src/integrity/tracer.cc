// The files stay open, because opening them every second would cause events.

#include "integrity/tracer.h"

#include <fcntl.h>

#include <cstdlib>
#include <cstring>
#include <utility>

namespace wasprey {
namespace {

uint32_t TracerIn(int status) {
  char text[4096];
  const ssize_t size = pread(status, text, sizeof text - 1, 0);
  if (size <= 0) return 0;
  text[size] = 0;
  constexpr char kKey[] = "\nTracerPid:\t";
  const char* const found = strstr(text, kKey);
  return found == nullptr ? 0 : static_cast<uint32_t>(strtoul(found + sizeof kKey - 1, nullptr, 10));
}

}  // namespace

uint32_t TracerWatch::Find() {
  if (!std::exchange(opened_, true)) {
    process_ = FileDescriptor(open("/proc/self/status", O_RDONLY | O_CLOEXEC));
    thread_ = FileDescriptor(open("/proc/thread-self/status", O_RDONLY | O_CLOEXEC));
  }
  const uint32_t tracer = TracerIn(process_.get());
  return tracer != 0 ? tracer : TracerIn(thread_.get());
}

}  // namespace wasprey
