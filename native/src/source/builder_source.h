// The source of replays and of tests: records are put into rings of anonymous memory as BPF programs would put them.
// Needs no privilege.
#pragma once

#include <memory>
#include <optional>

#include "source/event_source.h"

namespace wasprey {

class BuilderSource : public EventSource {
 public:
  BuilderSource(const Plan& plan, std::byte* sandbox) : plan_(plan), sandbox_(sandbox) {}

  Status Open(const std::vector<std::string>& event_types) override;
  Status Start(const std::function<void()>& drain) override;
  Status UseFilter(int map) override;
  Status Attach(const std::vector<std::string>& event_types) override;
  int doorbell() const override { return doorbell_.get(); }
  void ClearDoorbell() override;

  /**
   * Puts an event record into the ring of header.cpu: reserves, copies, gives it a sequence number, commits it. Drops
   * and counts it when there is no room, as BPF does. One thread may do this while another reads.
   */
  Status Inject(const uint8_t* record, size_t size);
  /** The same for a recorded event, into the ring of CPU 0: it keeps its own number, CPU and place in the order. */
  Status InjectRecorded(const uint8_t* record, size_t size);
  /** The same for one whose size was checked, and is that of its header. False if there is no room, which is counted.
   */
  bool PutRecorded(const uint8_t* record, uint32_t size, uint32_t type);
  /** Puts a lifecycle record into its ring; without room it is counted as lost. */
  void InjectImage(const uint8_t* record, size_t size);

 private:
  std::byte* PlaceOf(uint32_t cpu, uint64_t position);
  bool HasRoom(const ring_control& control) const;
  std::optional<uint64_t> Reserve(uint32_t cpu, event_header header, const uint8_t* record, size_t size);
  void CommitAt(uint32_t cpu, uint64_t position);

  Plan plan_;
  std::byte* sandbox_;
  std::unique_ptr<ring_control[]> controls_;
  std::unique_ptr<capture_shared> shared_;
  std::unique_ptr<BuilderRingBuffer> lifecycle_;
  FileDescriptor doorbell_;
};

}  // namespace wasprey
