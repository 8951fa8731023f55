// A thread that waits for a CPU is on a run queue, and the kernel measures the time (schedstat); a stopped or frozen
// one is on no queue. CLOCK_MONOTONIC does not count while the machine sleeps, CLOCK_BOOTTIME does. The files stay
// open, because opening them would cause events.

#include "integrity/heartbeat.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <utility>

#include "system/clocks.h"

namespace wasprey {
namespace {

constexpr int kBeatMs = 50;
constexpr uint64_t kBeatNs = kBeatMs * uint64_t{1'000'000};
/** Later beats are gaps. The thread that reads events polls every 50 ms: if it is silent for as long, its state is
 * read. */
constexpr uint64_t kGapNs = 150'000'000;
/** The machine has slept if its clocks have moved apart by more than reading one after the other explains. */
constexpr int64_t kSleepNs = 50'000'000;
/** /proc/stat is long on large machines. */
constexpr uint64_t kBeatsPerSecond = 1000 / kBeatMs;
constexpr size_t kMostCpuText = 64 << 10;

/** Where a thread waits in the kernel that was stopped, frozen or traced. */
constexpr std::array<std::string_view, 4> kStops = {"do_signal_stop", "ptrace_stop", "__refrigerator",
                                                    "do_freezer_trap"};

FileDescriptor OpenFile(const char* path) { return FileDescriptor(open(path, O_RDONLY | O_CLOEXEC)); }

/** The start of a file in /proc, in `text`. */
template <size_t kSize>
std::string_view ReadFile(const FileDescriptor& file, std::array<char, kSize>* text) {
  const ssize_t size = pread(file.get(), text->data(), kSize - 1, 0);
  (*text)[static_cast<size_t>(std::max<ssize_t>(size, 0))] = 0;
  return {text->data(), static_cast<size_t>(std::max<ssize_t>(size, 0))};
}

}  // namespace

Heartbeat::~Heartbeat() {
  if (!thread_) return;
  eventfd_write(end_.get(), 1);
  pthread_join(*thread_, nullptr);
}

/** Signals are for Node's threads. */
void Heartbeat::Start() {
  if (!end_) {
    end_ = FileDescriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    cpus_ = OpenFile("/proc/stat");
    reader_state_ = OpenFile("/proc/thread-self/stat");
    reader_wait_ = OpenFile("/proc/thread-self/wchan");
  }
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  // A container's limit on processes may refuse it: then the next call tries again.
  if (pthread_create(&thread, nullptr, Run, this) == 0) thread_ = thread;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void* Heartbeat::Run(void* heartbeat) {
  auto* const self = static_cast<Heartbeat*>(heartbeat);
  pthread_setname_np(pthread_self(), "wasprey-beat");
  self->schedule_ = OpenFile("/proc/thread-self/schedstat");
  self->TakeStolen();
  self->before_ = self->ReadAccount();
  self->last_ = Now(CLOCK_MONOTONIC);
  pollfd end = {self->end_.get(), POLLIN, 0};
  // A stop may interrupt it, which is not a reason to end.
  while (poll(&end, 1, kBeatMs) <= 0) self->Beat();
  return nullptr;
}

Heartbeat::Account Heartbeat::ReadAccount() const {
  Account account;
  account.ran = Now(CLOCK_THREAD_CPUTIME_ID);
  account.asleep = Now(CLOCK_BOOTTIME) - Now(CLOCK_MONOTONIC);
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  account.faults = static_cast<uint64_t>(usage.ru_majflt);
  std::array<char, 128> text;
  account.accounted = sscanf(ReadFile(schedule_, &text).data(), "%*u %" SCNu64, &account.waited) == 1;
  return account;
}

/** Time that the hypervisor has taken since the last call, of the CPU that it took most from. */
uint64_t Heartbeat::TakeStolen() {
  static thread_local std::array<char, kMostCpuText> text;
  const std::string_view all = ReadFile(cpus_, &text);
  const uint64_t tick = kSecondNs / static_cast<uint64_t>(std::max(sysconf(_SC_CLK_TCK), 1L));
  uint64_t most = 0;
  size_t cpu = 0;
  // Its first line is of all CPUs.
  for (size_t at = all.find("\ncpu"); at != std::string_view::npos; at = all.find("\ncpu", at + 1), cpu++) {
    uint64_t ticks = 0;
    if (sscanf(all.data() + at, " cpu%*u %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &ticks) != 1) break;
    if (cpu == stolen_.size()) stolen_.push_back(ticks * tick);
    most = std::max(most, ticks * tick - std::exchange(stolen_[cpu], ticks * tick));
  }
  return most;
}

void Heartbeat::Beat() {
  const uint64_t now = Now(CLOCK_MONOTONIC);
  const uint64_t due = std::exchange(last_, now) + kBeatNs;
  const Account account = ReadAccount();
  const Account before = std::exchange(before_, account);
  // The time between reading two clocks varies: without sleep the difference may be negative.
  const bool slept = static_cast<int64_t>(account.asleep - before.asleep) > kSleepNs;
  const bool late = now > due + kGapNs;
  const uint64_t stolen = late || ++beats_ % kBeatsPerSecond == 0 ? TakeStolen() : 0;
  if (late && !slept) {
    gaps_.push_back({now, now - due, account.ran - before.ran, account.waited - before.waited, stolen,
                     account.faults - before.faults, account.accounted && before.accounted});
  }
  WatchReader(now);
  // Never waits for the other thread, which may wait for a CPU itself.
  if (!gaps_.empty() && mutex_.try_lock()) {
    taken_.insert(taken_.end(), gaps_.begin(), gaps_.end());
    mutex_.unlock();
    gaps_.clear();
  }
}

/** A thread that was stopped alone is a gap, too. */
void Heartbeat::WatchReader(uint64_t now) {
  const uint64_t ran = reader_ran_.load(std::memory_order_relaxed);
  const bool stopped = ran + kGapNs < now && ReaderIsStopped();
  if (stopped && reader_stopped_ == 0) reader_stopped_ = now;
  if (stopped || reader_stopped_ == 0) return;
  gaps_.push_back({now, now - std::exchange(reader_stopped_, 0), 0, 0, 0, 0, true});
}

bool Heartbeat::ReaderIsStopped() const {
  std::array<char, 512> text;
  const std::string_view state = ReadFile(reader_state_, &text);
  const size_t name_end = state.rfind(')');
  if (name_end != std::string_view::npos && name_end + 2 < state.size() && strchr("Tt", state[name_end + 2]))
    return true;
  return std::find(kStops.begin(), kStops.end(), ReadFile(reader_wait_, &text)) != kStops.end();
}

void Heartbeat::Begin() {
  if (!thread_) Start();
}

std::vector<Heartbeat::Gap> Heartbeat::Take() {
  Begin();
  const std::lock_guard lock(mutex_);
  return std::exchange(taken_, {});
}

}  // namespace wasprey
