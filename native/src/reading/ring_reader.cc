// Positions only grow. A record is complete when its commit word is its position plus the secret of this start, so
// neither an older record nor bytes that a process passed can be mistaken for one.

#include "reading/ring_reader.h"

namespace wasprey {

RingReader::RingReader(const Plan& plan, uint32_t ring_size, uint32_t ring_stride, RingMemory* memory,
                       ring_control* controls, uint64_t secret)
    : memory_(memory), mask_(ring_size - 1), secret_(secret), evaluated_(EVENT_TYPE_COUNT) {
  for (uint32_t cpu = 0; cpu < plan.cpus; cpu++) {
    rings_.push_back(
        {memory->data() + size_t{ring_stride} * cpu, controls + cpu, plan.rings_address + ring_stride * cpu});
  }
}

void RingReader::TakeHeads() {
  for (Ring& ring : rings_) {
    ring.head = Load(ring.control->head);
    // A position ahead of the head is from a reservation that has shrunk since; there is no record yet.
    if (ring.head > ring.position) high_water_ = std::max(high_water_, ring.head - ring.position);
  }
}

bool RingReader::HasEvents() const {
  return std::any_of(rings_.begin(), rings_.end(), [&](const Ring& ring) {
    return Load(ring.control->head) > ring.position && IsWhole(ring, ring.position);
  });
}

bool RingReader::IsFilling() const {
  return std::any_of(rings_.begin(), rings_.end(), [&](const Ring& ring) {
    const uint64_t head = Load(ring.control->head);
    return head > ring.position && head - ring.position > (mask_ + 1) / 8;
  });
}

void RingReader::Release() {
  for (Ring& ring : rings_) {
    const uint64_t tail = Load(ring.control->tail);
    moved_ += tail != ring.released;
    if (tail != ring.position) __atomic_store_n(&ring.control->tail, ring.position, __ATOMIC_RELEASE);
    ring.released = ring.position;
  }
}

/** The next complete record after one with an invalid size. The secret distinguishes it from contents of strings. */
uint64_t RingReader::Resynchronise(const Ring& ring, uint64_t position) const {
  do {
    position += 8;
  } while (position < ring.head && !IsWhole(ring, position));
  return position;
}

std::vector<uint64_t> RingReader::CopyEvaluated() const {
  std::vector<uint64_t> copy;
  copy.reserve(evaluated_.size());
  for (const uint64_t& count : evaluated_) copy.push_back(__atomic_load_n(&count, __ATOMIC_RELAXED));
  return copy;
}

void RingReader::CopyHeads(std::vector<uint64_t>* heads) const {
  heads->resize(rings_.size());
  for (size_t i = 0; i < rings_.size(); i++) (*heads)[i] = Load(rings_[i].control->head);
}

void RingReader::CopyPositions(std::vector<uint64_t>* positions) const {
  positions->clear();
  for (const Ring& ring : rings_) positions->push_back(ring.position);
}

bool RingReader::PastAll(const std::vector<uint64_t>& heads) const {
  for (size_t i = 0; i < rings_.size(); i++) {
    const uint64_t position = rings_[i].position;
    if (position < heads[i] && position < Load(rings_[i].control->head)) return false;
  }
  return true;
}

}  // namespace wasprey
