#include "live/bpf_mappings.h"

#include <sys/mman.h>
#include <unistd.h>

#include <utility>

#include "records/kernel_layout.h"

namespace wasprey {
namespace {

size_t RoundUpToPage(size_t bytes) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

}  // namespace

uint32_t RingStride(uint32_t ring_size) {
  return static_cast<uint32_t>(RoundUpToPage(size_t{ring_size} + LONGEST_RECORD));
}

Status BpfMappings::Map(const Plan& plan, std::byte* sandbox, const BpfObject& object, SourceMemory* memory) {
  auto rings =
      RingMemory::Map(plan, memory->ring_stride, sandbox, object.MapFd("rings"), RingMemory::Writes::kByWindow);
  if (!rings) return std::move(rings.error());
  auto controls = Mapping::Map(object.MapFd("ring_control"), RoundUpToPage(sizeof(ring_control) * plan.cpus),
                               PROT_READ | PROT_WRITE, 0, "control words of the rings");
  if (!controls) return std::move(controls.error());
  auto shared = Mapping::Map(object.MapFd("control"), RoundUpToPage(sizeof(capture_shared)), PROT_READ | PROT_WRITE, 0,
                             "control words of the capture");
  if (!shared) return std::move(shared.error());
  auto lifecycle =
      BpfRingBuffer::Map(object.MapFd("lifecycle"), bpf_map__max_entries(object.Map("lifecycle")), "lifecycle ring");
  if (!lifecycle) return std::move(lifecycle.error());
  auto doorbell =
      BpfRingBuffer::Map(object.MapFd("doorbell"), bpf_map__max_entries(object.Map("doorbell")), "doorbell");
  if (!doorbell) return std::move(doorbell.error());
  controls_ = std::move(*controls);
  shared_ = std::move(*shared);
  lifecycle_ = std::move(*lifecycle);
  doorbell_ = std::move(*doorbell);
  memory->rings = std::move(*rings);
  memory->controls = reinterpret_cast<ring_control*>(controls_.data());
  memory->shared = reinterpret_cast<capture_shared*>(shared_.data());
  memory->lifecycle = &lifecycle_;
  return std::nullopt;
}

}  // namespace wasprey
