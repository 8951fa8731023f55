#include "images/image_origin.h"

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
uint32_t ImageOrigin::ContainerOf(const image& record, uint64_t owner, uint32_t source, std::string_view cgroup,
                                  const ImageFacts* recorded) const {
  const bool cut = cgroup.starts_with("//");
  const bool stays =
      record.cgroup.offset == 0 && source != kNone && store_->entry(source).container > ContainerTable::kUnknown;
  if (!stays && !cut && recorded == nullptr) {
    if (const auto found = store_->containers().Acquire(record, cgroup, owner)) return *found;
  }
  if (source != kNone && (stays || recorded == nullptr || cut)) {
    store_->containers().Retain(store_->entry(source).container);
    return store_->entry(source).container;
  }
  if (recorded == nullptr) return store_->containers().AcquireKnown({}, cgroup, record.pid, owner);
  return store_->containers().AcquireKnown({recorded->container_type, recorded->container}, cgroup, record.pid, owner);
}

uint64_t ImageOrigin::OwnerOf(const image& record, const uint8_t* bytes, uint32_t source) const {
  const image* const model = source == kNone ? nullptr : store_->Slot(source);
  const OptionalText own = StringIn(bytes, record.cgroup);
  const bool continues =
      model != nullptr && model->owner == 0 && (model->cgroup_id == record.cgroup_id || own.text.starts_with("//"));
  if (record.owner == 0 && continues) return store_->entry(source).owner;
  return ShareKey(record, own.present || model == nullptr ? own.text : StringOf(model, model->cgroup));
}

uint32_t ImageOrigin::SourceOf(const image& record) const {
  switch (record.kind) {
    case IMAGE_FORK: {
      const uint32_t parent = store_->ById(record.parent);
      return parent != kNone || record.ppid == 0 ? parent : store_->ByPid(record.ppid);
    }
    case IMAGE_EXEC:
    case IMAGE_CHANGE: {
      const uint32_t previous = record.previous == 0 ? kNone : store_->ById(record.previous);
      return previous != kNone || record.pid == 0 ? previous : store_->ByPid(record.pid);
    }
    default:
      return kNone;
  }
}

/**
 * The kernel's time of a fork does not count from the epoch: each
 * record adds what the clocks are apart then, which is measured again and again and differs by some us. Ids of
 * processes, sessions and recordings are made of the start, so it must not change.
 */
uint64_t ImageOrigin::StartOf(const image& record, uint32_t source) const {
  if (record.kind == IMAGE_FORK) return record.start_time;
  const bool is_snapshot = record.kind == IMAGE_SNAPSHOT;
  const uint32_t before = is_snapshot && record.pid != 0 ? store_->ByPid(record.pid) : source;
  if (before == kNone || store_->Slot(before)->pid != record.pid) return record.start_time;
  const uint64_t known = store_->Slot(before)->start_time;
  if (record.previous != 0 && store_->entry(before).id == record.previous) return known;
  const uint64_t apart = known > record.start_time ? known - record.start_time : record.start_time - known;
  return apart < kSameStartNs ? known : record.start_time;
}

ImageText ImageOrigin::TextOf(const image& record, const uint8_t* bytes, uint32_t source) const {
  const image* const model = source == kNone ? nullptr : store_->Slot(source);
  const auto choose = [&](string_ref image::* member, bool inherit) {
    const OptionalText own = StringIn(bytes, record.*member);
    return own.present || model == nullptr || !inherit ? own : StringIn(model, model->*member);
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
      .stream_name = model != nullptr && same_program ? StringIn(model, model->stream_name) : OptionalText{},
      .comm = CommOf(record),
      .names = {},
  };
}

bool ImageOrigin::InheritsText(const image& record, const ImageText& text, uint32_t source, uint32_t container) const {
  if (source == kNone || record.kind == IMAGE_EXEC) return false;
  if (record.executable.offset != 0 || record.argv.offset != 0 || record.environment.offset != 0) return false;
  if (record.cgroup.offset != 0 || record.stream.offset != 0) return false;
  const image& model = *store_->Slot(source);
  return text.cwd.text == StringOf(&model, model.cwd) && CommOf(model) == CommOf(record) && model.uid == record.uid &&
         model.gid == record.gid && model.login_uid == record.login_uid && store_->entry(source).container == container;
}

}  // namespace wasprey
