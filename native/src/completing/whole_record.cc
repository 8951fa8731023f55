// Strings of a record are relative to it, those of a further view to the view; completed names are elsewhere.

#include "completing/whole_record.h"

#include <cstring>
#include <span>

namespace wasprey {
namespace {

constexpr uint32_t kOpenNames[] = {offsetof(event_open, name)};
constexpr uint32_t kExecNames[] = {offsetof(event_exec, name)};
constexpr uint32_t kPathNames[] = {offsetof(event_path, name)};
constexpr uint32_t kPathsNames[] = {offsetof(event_paths, old_name), offsetof(event_paths, new_name)};

static_assert(offsetof(event_open, name) == offsetof(event_descriptor, name));
static_assert(offsetof(event_open, name) == offsetof(event_network, name));
static_assert(offsetof(event_open, other_view) == offsetof(event_descriptor, other_view));
static_assert(offsetof(event_open, other_view) == offsetof(event_network, other_view));
static_assert(offsetof(event_open, other_view) == offsetof(event_path, other_view));
static_assert(offsetof(event_open, other_view) == offsetof(event_paths, other_view));

/** Offsets of the names that completion makes, in a record of that shape. */
std::span<const uint32_t> NamesOf(Shape shape) {
  switch (shape) {
    case Shape::kOpen:
    case Shape::kDescriptor:
    case Shape::kNetwork:
      return kOpenNames;
    case Shape::kExec:
      return kExecNames;
    case Shape::kPath:
      return kPathNames;
    case Shape::kPaths:
      return kPathsNames;
    case Shape::kProcess:
    case Shape::kNone:
      break;
  }
  return {};
}

constexpr uint32_t kOpenTexts[] = {offsetof(event_open, name), offsetof(event_open, raw),
                                   offsetof(event_open, resolved), offsetof(event_open, directory),
                                   offsetof(event_open, elsewhere)};
constexpr uint32_t kDescriptorTexts[] = {offsetof(event_descriptor, name),     offsetof(event_descriptor, raw),
                                         offsetof(event_descriptor, resolved), offsetof(event_descriptor, directory),
                                         offsetof(event_descriptor, text),     offsetof(event_descriptor, elsewhere),
                                         offsetof(event_descriptor, value)};
constexpr uint32_t kNetworkTexts[] = {offsetof(event_network, name),        offsetof(event_network, raw),
                                      offsetof(event_network, resolved),    offsetof(event_network, directory),
                                      offsetof(event_network, passed_path), offsetof(event_network, data)};
constexpr uint32_t kPathTexts[] = {offsetof(event_path, raw), offsetof(event_path, name),
                                   offsetof(event_path, directory), offsetof(event_path, text),
                                   offsetof(event_path, base)};
constexpr uint32_t kPathsTexts[] = {offsetof(event_paths, old_raw),       offsetof(event_paths, old_name),
                                    offsetof(event_paths, old_directory), offsetof(event_paths, new_raw),
                                    offsetof(event_paths, new_name),      offsetof(event_paths, new_directory),
                                    offsetof(event_paths, text),          offsetof(event_paths, old_base),
                                    offsetof(event_paths, new_base),      offsetof(event_paths, device)};

/** Offsets of strings in a further view of that shape. Other shapes have no views. */
std::span<const uint32_t> TextsOf(Shape shape) {
  switch (shape) {
    case Shape::kOpen:
      return kOpenTexts;
    case Shape::kDescriptor:
      return kDescriptorTexts;
    case Shape::kNetwork:
      return kNetworkTexts;
    case Shape::kPath:
      return kPathTexts;
    case Shape::kPaths:
      return kPathsTexts;
    default:
      return {};
  }
}

constexpr uint32_t Aligned(uint32_t size) { return (size + 7) / 8 * 8; }

template <typename Value>
Value Read(const std::byte* bytes, uint32_t offset) {
  Value value;
  memcpy(&value, bytes + offset, sizeof value);
  return value;
}

/** Appends one thing after the other, or only counts. */
class Copy {
 public:
  explicit Copy(std::byte* place) : place_(place) {}

  uint32_t size() const { return size_; }
  void Align() { size_ = Aligned(size_); }

  /** Returns its offset from the start. */
  uint32_t Append(const void* bytes, uint32_t length) {
    const uint32_t at = size_;
    if (place_ != nullptr) memcpy(place_ + at, bytes, length);
    size_ += length;
    return at;
  }

  /** One byte more: a present, empty string has a place of its own. */
  uint32_t AppendText(std::string_view text) {
    const uint32_t at = Append(text.data(), static_cast<uint32_t>(text.size()));
    size_++;
    return at;
  }

  template <typename Value>
  void Set(uint32_t at, const Value& value) {
    if (place_ != nullptr) memcpy(place_ + at, &value, sizeof value);
  }

 private:
  std::byte* place_;
  uint32_t size_ = 0;
};

}  // namespace

uint32_t CopyWhole(const event_header& record, uint32_t address, const Completion& completion, std::byte* place,
                   uint32_t target) {
  const auto* const bytes = reinterpret_cast<const std::byte*>(&record);
  const Shape shape = ShapeOf(record.type);
  Copy copy(place);
  copy.Append(bytes, record.size);
  for (const uint32_t at : NamesOf(shape)) {
    const auto name = Read<string_ref>(bytes, at);
    if (name.offset <= record.size) continue;
    copy.Set(at, string_ref{copy.AppendText(completion.Made(address + name.offset, name.length)), name.length});
  }
  copy.Align();
  const std::byte* from = bytes;
  uint32_t last = 0;
  while ((Read<uint16_t>(from, offsetof(event_header, flags)) & EVENT_FLAG_TWO_VIEWS) != 0) {
    const auto other = Read<uint32_t>(from, offsetof(event_open, other_view));
    const uint32_t size = FixedSize(shape);
    from = reinterpret_cast<const std::byte*>(completion.Made(other, size).data());
    const uint32_t view = copy.Append(from, size);
    for (const uint32_t at : TextsOf(shape)) {
      const auto text = Read<string_ref>(from, at);
      if (text.offset == 0) continue;
      const uint32_t in_record = other + text.offset - address;
      const uint32_t in_copy =
          in_record <= record.size ? in_record : copy.AppendText(completion.Made(other + text.offset, text.length));
      copy.Set(view + at, string_ref{in_copy - view, text.length});
    }
    copy.Align();
    copy.Set(last + offsetof(event_open, other_view), target + view);
    last = view;
  }
  if (last != 0) {
    copy.Set(last + offsetof(event_open, other_view), target);
    copy.Set(last + offsetof(event_header, size), copy.size() - last);
  }
  copy.Set(offsetof(event_header, size), copy.size());
  return copy.size();
}

}  // namespace wasprey
