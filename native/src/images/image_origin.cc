// What an image has of another one that it continues: its strings, its container, its owner, its start.

#include "images/image_table.h"

namespace wasprey {
namespace {

/** Start times of one process differ by less where the clock is not set: a pid can't be used again so soon. */
constexpr uint64_t kSameStartNs = 10'000'000;

}  // namespace

/**
 * A process is in the container of the image it continues, unless its cgroup or its namespaces differ. A cgroup path
 * whose beginning is cut off does not say where it is: a process in a container can nest cgroups as deep as it likes.
 * Nor does one that was named like another container's.
 */
uint32_t ImageTable::ContainerOf(const image& record, uint64_t owner, uint32_t source, std::string_view cgroup,
                                 const ImageFacts* recorded) {
  const bool cut = cgroup.starts_with("//");
  const bool stays =
      record.cgroup.offset == 0 && source != kNone && entries_[source].container > ContainerTable::kUnknown;
  if (!stays && !cut && recorded == nullptr) {
    if (const auto found = containers_->Acquire(record, cgroup, owner)) return *found;
  }
  if (source != kNone && (stays || recorded == nullptr || cut)) {
    containers_->Retain(entries_[source].container);
    return entries_[source].container;
  }
  if (recorded == nullptr) return containers_->AcquireKnown({}, cgroup, record.pid, owner);
  return containers_->AcquireKnown({recorded->container_type, recorded->container}, cgroup, record.pid, owner);
}

/** Whose share it takes. In the cgroup of the image that it continues, or in one whose path is cut off, that one's. */
uint64_t ImageTable::OwnerOf(const image& record, const uint8_t* bytes, uint32_t source) const {
  const image* const model = source == kNone ? nullptr : Slot(source);
  const OptionalText own = StringIn(bytes, record.cgroup);
  const bool continues =
      model != nullptr && model->owner == 0 && (model->cgroup_id == record.cgroup_id || own.text.starts_with("//"));
  if (record.owner == 0 && continues) return entries_[source].owner;
  return ShareKey(record, own.present || model == nullptr ? own.text : StringOf(model, model->cgroup));
}

/** The image whose strings a record without its own has: the parent's for a fork, else that of the process before. */
uint32_t ImageTable::SourceOf(const image& record) const {
  switch (record.kind) {
    case IMAGE_FORK: {
      const uint32_t parent = by_id_.Find(record.parent);
      return parent != IdMap::kNone || record.ppid == 0 ? parent : by_pid_.Find(record.ppid);
    }
    case IMAGE_EXEC:
    case IMAGE_CHANGE: {
      const uint32_t previous = record.previous == 0 ? IdMap::kNone : by_id_.Find(record.previous);
      return previous != IdMap::kNone || record.pid == 0 ? previous : by_pid_.Find(record.pid);
    }
    default:
      return kNone;
  }
}

/**
 * When the process was forked, as its first image has it. The kernel's time of that does not count from the epoch: each
 * record adds what the clocks are apart then, which is measured again and again and differs by some us. Ids of
 * processes, sessions and recordings are made of the start, so it must not change.
 */
uint64_t ImageTable::StartOf(const image& record, uint32_t source) const {
  if (record.kind == IMAGE_FORK) return record.start_time;
  const bool is_snapshot = record.kind == IMAGE_SNAPSHOT;
  const uint32_t before = is_snapshot && record.pid != 0 ? by_pid_.Find(record.pid) : source;
  if (before == kNone || Slot(before)->pid != record.pid) return record.start_time;
  const uint64_t known = Slot(before)->start_time;
  if (record.previous != 0 && entries_[before].id == record.previous) return known;
  const uint64_t apart = known > record.start_time ? known - record.start_time : record.start_time - known;
  return apart < kSameStartNs ? known : record.start_time;
}

ImageText ImageTable::TextOf(const image& record, const uint8_t* bytes, const image* source) const {
  const auto choose = [&](string_ref image::* member, bool inherit) {
    const OptionalText own = StringIn(bytes, record.*member);
    return own.present || source == nullptr || !inherit ? own : StringIn(source, source->*member);
  };
  // A program that was executed inherits where it is, but neither arguments nor environment that could not be read.
  const bool same_program = record.kind != IMAGE_EXEC;
  return {
      .executable = choose(&image::executable, same_program),
      .argv = choose(&image::argv, same_program),
      .environment = choose(&image::environment, same_program),
      .cwd = choose(&image::cwd, true),
      .cgroup = choose(&image::cgroup, true),
      .stream = choose(&image::stream, same_program),
      .stream_name = source != nullptr && same_program ? StringIn(source, source->stream_name) : OptionalText{},
      .comm = CommOf(record),
      .names = {},
  };
}

}  // namespace wasprey
