// BPF programs read the entries of processes while they are written: the image id is taken out first and put in last.

#include "kernel_filter.h"

#include <bpf/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>

#include "bpf_error.h"

namespace wasprey {
namespace {

constexpr size_t kRulesWithBit = size_t{IMAGE_CANDIDATE_WORDS} * 64;

bool Fits(const FilterTables& tables) {
  const size_t states = tables.accepted.size();
  return tables.types.size() == EVENT_TYPE_COUNT && tables.results.size() == size_t{2} * FILTER_FAMILIES &&
         tables.opens.size() == FILTER_OPEN_COMBINATIONS && tables.sockets.size() <= FILTER_SOCKET_KINDS &&
         tables.classes.size() == 256 && states > STATE_ENDINGS && states <= FILTER_STATES &&
         tables.possible.size() == states && tables.next.size() == states * FILTER_CLASSES &&
         tables.rules.size() == (kRulesWithBit + 1) * FILTER_FAMILIES &&
         std::all_of(tables.next.begin(), tables.next.end(), [&](uint16_t next) { return next < states; });
}

void Copy(const FilterTables& tables, filter* to) {
  std::copy(tables.types.begin(), tables.types.end(), to->types);
  std::copy(tables.results.begin(), tables.results.end(), &to->results[0][0]);
  std::copy(tables.opens.begin(), tables.opens.end(), to->opens);
  std::copy(tables.sockets.begin(), tables.sockets.end(), to->sockets);
  std::copy(tables.classes.begin(), tables.classes.end(), to->classes);
  to->any_path = tables.any_path;
  to->top_level = tables.top_level;
  for (size_t i = 0; i < tables.accepted.size(); i++) {
    filter_state& state = to->states[i];
    state.accepted = tables.accepted[i];
    state.possible = tables.possible[i];
    std::copy_n(tables.next.begin() + static_cast<ptrdiff_t>(i * FILTER_CLASSES), FILTER_CLASSES, state.next);
  }
}

}  // namespace

Result<std::unique_ptr<KernelFilter>> KernelFilter::Make(const FilterTables& tables) {
  if (!Fits(tables))
    return Error{"CAPTURE_FILTER", "The tables of the kernel filter have other sizes than it has.", ""};
  bpf_map_create_opts options{};
  options.sz = sizeof options;
  options.map_flags = BPF_F_MMAPABLE;
  FileDescriptor map(
      bpf_map_create(BPF_MAP_TYPE_ARRAY, "kernel_filter", sizeof(uint32_t), sizeof(filter), 1, &options));
  if (!map) return LoadError("Making the map of the kernel filter", errno);
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  auto memory =
      Mapping::Map(map.get(), (sizeof(filter) + page - 1) / page * page, PROT_READ | PROT_WRITE, 0, "kernel filter");
  if (!memory) return std::move(memory.error());
  Copy(tables, reinterpret_cast<filter*>(memory->data()));
  return std::unique_ptr<KernelFilter>(new KernelFilter(std::move(map), std::move(*memory), tables.rules));
}

KernelFilter::KernelFilter(FileDescriptor map, Mapping memory, std::span<const uint64_t> rules)
    : map_(std::move(map)),
      memory_(std::move(memory)),
      filter_(reinterpret_cast<filter*>(memory_.data())),
      rules_(rules.begin(), rules.end()) {}

void KernelFilter::Fill(const image& process, uint32_t bank) {
  filter_process& place = PlaceOf(process.id);
  if (place.image != 0 && place.image != process.id) return;
  uint64_t clauses[FILTER_FAMILIES];
  std::copy_n(rules_.end() - FILTER_FAMILIES, FILTER_FAMILIES, clauses);
  for (size_t word = 0; word < IMAGE_CANDIDATE_WORDS; word++) {
    for (uint64_t bits = process.candidates[bank * IMAGE_CANDIDATE_WORDS + word]; bits != 0; bits &= bits - 1) {
      const size_t rule = word * 64 + static_cast<size_t>(std::countr_zero(bits));
      for (size_t family = 0; family < FILTER_FAMILIES; family++)
        clauses[family] |= rules_[rule * FILTER_FAMILIES + family];
    }
  }
  __atomic_store_n(&place.image, 0, __ATOMIC_SEQ_CST);
  std::copy_n(clauses, FILTER_FAMILIES, place.clauses);
  place.below = ClausesBelow(StringOf(&process, process.cwd));
  __atomic_store_n(&place.image, process.id, __ATOMIC_SEQ_CST);
}

void KernelFilter::Forget(uint64_t id) {
  filter_process& place = PlaceOf(id);
  if (place.image == id) __atomic_store_n(&place.image, 0, __ATOMIC_SEQ_CST);
}

/** Clauses that names below a directory can meet. One that is not known may be any. */
uint64_t KernelFilter::ClausesBelow(std::string_view directory) const {
  if (!directory.starts_with('/')) return FILTER_EVERY_CLAUSE;
  size_t state = STATE_BEGINNINGS;
  uint64_t clauses = directory == "/" ? filter_->top_level : 0;
  const auto step = [&](char byte) {
    state = filter_->states[state].next[filter_->classes[static_cast<uint8_t>(byte)]];
    clauses |= filter_->states[state].accepted;
  };
  for (const char byte : directory) step(byte);
  if (directory != "/") step('/');
  return clauses | filter_->states[state].possible;
}

}  // namespace wasprey
