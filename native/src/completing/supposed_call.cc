// What a call would have been that BPF LSM has refused: its record again, as of one that has succeeded. The rule by
// which it was refused is evaluated on that, and no other rule.

#include <cstring>

#include "completing/completion.h"
#include "completing/whole_record.h"

namespace wasprey {
namespace {

/** Behind the fixed part of a refused exec (native/bpf/enforce/enforce_program.bpf.c). */
struct NewProgram {
  uint64_t met;
  string_ref executable;
  string_ref name;
};

constexpr size_t kLongestComm = sizeof(image::comm_bytes) - 1;

/** Rules that the kernel decides distinguish no descriptors. */
constexpr int32_t kDescriptor = 3;

string_ref image::* const kTexts[] = {
    &image::executable,  &image::argv,       &image::environment, &image::cwd,
    &image::cgroup,      &image::stream,     &image::comm,        &image::argv0,
    &image::args,        &image::cmdline,    &image::cwd_slash,   &image::environment_text,
    &image::stream_name, &image::user_name,  &image::group_name,  &image::login_name,
    &image::user_home,   &image::user_shell,
};

/** What a program is called whose path, or file, has that name. */
std::string_view CommOf(std::string_view name) {
  return name.substr(name.rfind('/') + 1).substr(0, kLongestComm);  // npos + 1 is 0
}

/** Each view of an open in a copy at `address`, whose views lie behind it. */
void SupposeOpened(std::byte* copy, uint32_t address, bool made_file) {
  const uint32_t size = reinterpret_cast<event_header*>(copy)->size;
  for (uint32_t at = 0; at <= size - sizeof(event_open);) {
    auto* const view = reinterpret_cast<event_open*>(copy + at);
    view->header.result = kDescriptor;
    view->header.fd = kDescriptor;
    if (made_file) view->state |= DESCRIPTOR_CREATED;
    const uint32_t next = view->other_view - address;
    if ((view->header.flags & EVENT_FLAG_TWO_VIEWS) == 0 || next <= at) return;
    at = next;
  }
}

}  // namespace

uint32_t Completion::Suppose(const event_header& record, uint32_t address) {
  const Shape shape = ShapeOf(record.type);
  const uint32_t size = CopyWhole(record, address, *this, nullptr, 0);
  if (!scratch_.HasRoom(size + alignof(event_header) + 1)) return 0;
  uint32_t at = 0;
  std::byte* const copy = scratch_.KeepAligned(size, alignof(event_header), &at);
  CopyWhole(record, address, *this, copy, at);
  auto* const header = reinterpret_cast<event_header*>(copy);
  const uint32_t outcome = record.reserved & ENFORCED_OUTCOME_MASK;
  header->reserved = 0;
  header->flags &= ~EVENT_FLAG_HELD;
  if (shape == Shape::kOpen) {
    SupposeOpened(copy, at, outcome == ENFORCED_LSM_REFUSED_LATE || outcome == ENFORCED_LSM_KILLED);
    return at;
  }
  if (shape != Shape::kExec || !SupposeProgram(copy, at)) return 0;
  header->result = 0;
  return at;
}

/** Gives the copy of a refused exec a process that runs the new program, as far as a rule which the kernel decides
 * reads it. False if it is not known, or scratch is full. */
bool Completion::SupposeProgram(std::byte* copy, uint32_t address) {
  auto* const header = reinterpret_cast<event_header*>(copy);
  constexpr size_t kFixed = sizeof(event_exec) + sizeof(NewProgram);
  NewProgram program;
  if (header->size < kFixed || !scratch_.HasRoom(sizeof(image) + alignof(image) + 1)) return false;
  memcpy(&program, copy + sizeof(event_exec), sizeof program);
  if (program.executable.offset == 0 || program.name.offset == 0 ||
      !StringFits(program.executable, kFixed, header->size) || !StringFits(program.name, kFixed, header->size)) {
    return false;
  }
  uint32_t at = 0;
  image* const process = scratch_.Keep(images_->At(header->image_address), &at);
  for (string_ref image::* text : kTexts) {
    if ((process->*text).offset != 0) (process->*text).offset += header->image_address - at;
  }
  const std::string_view name = StringOf(copy, program.name);
  const std::string_view comm = CommOf(name);
  process->executable = {program.executable.offset + address - at, program.executable.length};
  process->comm = {program.name.offset + static_cast<uint32_t>(name.size() - comm.size()) + address - at,
                   static_cast<uint32_t>(comm.size())};
  memset(process->comm_bytes, 0, sizeof process->comm_bytes);
  comm.copy(reinterpret_cast<char*>(process->comm_bytes), kLongestComm);
  header->image_address = at;
  supposed_ = process;
  supposed_address_ = at;
  return true;
}

bool Completion::SetSupposedCandidates(uint32_t address, uint32_t bank, std::span<const uint64_t> words) {
  if (supposed_ == nullptr || address != supposed_address_) return false;
  SetCandidateWords(supposed_, bank, words);
  return true;
}

}  // namespace wasprey
