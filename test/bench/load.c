// The workloads of the benchmarks: each makes one kind of system call in a loop and prints what the loop took, as JSON:
// {"calls":N,"ns":WALL,"cpuNs":CPU TIME OF IT AND ITS CHILDREN}. `mark` prints the time of each of its reads instead, and `lines` is the other end.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char USAGE[] =
    "usage: load WORKLOAD [-s SECONDS] [-n CALLS] [-c CPU] [-r CALLS_A_SECOND] [-p PATH]\n"
    "  untraced  getppid: a call that no rule is about\n"
    "  open      open and close of PATH\n"
    "  names     open and close of the files in the folder PATH, one after the other\n"
    "  missing   open of a file that is not there\n"
    "  empty     open of the empty path: the cheapest open, of which one CPU makes most\n"
    "  exec      vfork, execve of /bin/true, wait\n"
    "  files     make, rename and unlink of a file of its own below PATH\n"
    "  connect   connect, accept and close on the loopback\n"
    "  pipe      write and read of a byte\n"
    "  mark      read of PATH (/etc/shadow); at the end, of each the monotonic and the wall clock before it, in ns on a line\n"
    "  lines     none: prints the lines of its standard input, each behind the monotonic clock, in ns, when it was read\n"
    "ends after SECONDS (1) or CALLS, whichever comes first; 0 seconds: after CALLS, or never\n";

static uint64_t now_ns(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static const char *path;

static void untraced(void) { syscall(SYS_getppid); }

static void open_close(void) {
  int fd = open(path, O_RDONLY);
  if (fd < 0) fail(path);
  close(fd);
}

static char *names[4096];
static unsigned name_count;

static void find_names(void) {
  DIR *folder = opendir(path);
  if (!folder) fail(path);
  for (struct dirent *entry; (entry = readdir(folder)) && name_count < sizeof names / sizeof *names;)
    if (entry->d_type == DT_REG && asprintf(&names[name_count++], "%s/%s", path, entry->d_name) < 0) fail(path);
  closedir(folder);
  if (!name_count) fail("a folder without files");
}

static void open_names(void) {
  static unsigned next;
  int fd = open(names[next], O_RDONLY);
  if (fd < 0) fail(names[next]);
  close(fd);
  next = (next + 1) % name_count;
}

static void open_missing(void) {
  if (open("/etc/wasprey-bench-missing", O_RDONLY) >= 0) fail("the missing file is there");
}

static void open_empty(void) {
  if (open("", O_RDONLY) >= 0) fail("the empty path is there");
}

static void fork_exec(void) {
  pid_t pid = vfork();
  if (pid == 0) {
    execl("/bin/true", "true", (char *)0);
    _exit(127);
  }
  int status = 0;
  if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0) fail("fork and exec");
}

static void change_files(void) {
  static unsigned number;
  char name[256], other[256];
  snprintf(name, sizeof name, "%s/report-%u.tmp", path, ++number);
  snprintf(other, sizeof other, "%s/report-%u.txt", path, number);
  int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd < 0 || close(fd) || rename(name, other) || unlink(other)) fail(name);
}

static int listener = -1;
static struct sockaddr_in server;

static void listen_on_loopback(void) {
  socklen_t length = sizeof server;
  listener = socket(AF_INET, SOCK_STREAM, 0);
  server.sin_family = AF_INET;
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr *)&server, sizeof server) || listen(listener, 16) ||
      getsockname(listener, (struct sockaddr *)&server, &length))
    fail("listen");
}

static void connect_accept(void) {
  int client = socket(AF_INET, SOCK_STREAM, 0);
  // Closed with a reset: a loop of orderly closes would run out of ports in TIME_WAIT.
  struct linger reset = {1, 0};
  if (connect(client, (struct sockaddr *)&server, sizeof server)) fail("connect");
  int peer = accept(listener, 0, 0);
  if (peer < 0) fail("accept");
  setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  close(client);
  close(peer);
}

static int pipe_ends[2];

static void write_and_read(void) {
  char byte = 0;
  if (write(pipe_ends[1], &byte, 1) != 1 || read(pipe_ends[0], &byte, 1) != 1) fail("pipe");
}

// The clocks are read last before the call, so that the delay of its alert can be reported. Nothing is printed until much is: whoever reads it
// would need a processor just when the agent does.
static void mark(void) {
  uint64_t monotonic = now_ns(CLOCK_MONOTONIC), wall = now_ns(CLOCK_REALTIME);
  int fd = open(path, O_RDONLY);
  if (fd < 0) fail(path);
  close(fd);
  printf("%llu %llu\n", (unsigned long long)monotonic, (unsigned long long)wall);
}

// Whoever stops it by SIGTERM gets the times of all of its reads, those not yet printed as well.
static volatile sig_atomic_t stopped;

static void stop(int signal) {
  (void)signal;
  stopped = 1;
}

// A reader that is there sooner than one in JavaScript: what that takes is not the agent's.
static int stamp_lines(void) {
  static char bytes[1 << 16];
  bool begins = true;
  for (ssize_t count; (count = read(STDIN_FILENO, bytes, sizeof bytes)) != 0;) {
    unsigned long long time = now_ns(CLOCK_MONOTONIC);
    if (count < 0) fail("standard input");
    for (ssize_t i = 0; i < count; i++) {
      if (begins) printf("%llu ", time);
      putchar(bytes[i]);
      begins = bytes[i] == '\n';
    }
    fflush(stdout);
  }
  return 0;
}

// `batch`: calls between two looks at the clock, which costs as much as a cheap call.
static const struct workload {
  const char *name;
  void (*call)(void);
  int batch;
} WORKLOADS[] = {
    {"untraced", untraced, 1000}, {"open", open_close, 100},     {"missing", open_missing, 100},
    {"empty", open_empty, 100},   {"exec", fork_exec, 1},        {"connect", connect_accept, 10},
    {"files", change_files, 10},  {"pipe", write_and_read, 100}, {"mark", mark, 1},
    {"names", open_names, 100},
};

static uint64_t children_cpu_ns(void) {
  struct rusage usage;
  getrusage(RUSAGE_CHILDREN, &usage);
  return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000u +
         (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000u;
}

static uint64_t cpu_ns(void) { return now_ns(CLOCK_PROCESS_CPUTIME_ID) + children_cpu_ns(); }

static void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set)) fail("sched_setaffinity");
}

// Slow rates sleep until the next call is due; fast ones spin, since a sleep takes 50 us at least.
static void wait_until(uint64_t due) {
  for (uint64_t now; (now = now_ns(CLOCK_MONOTONIC)) < due;) {
    if (due - now < 200000) continue;
    uint64_t left = due - now - 100000;
    nanosleep(&(struct timespec){.tv_sec = (time_t)(left / 1000000000u), .tv_nsec = (long)(left % 1000000000u)}, 0);
  }
}

int main(int argc, char **argv) {
  double seconds = 1, rate = 0;
  uint64_t limit = UINT64_MAX;
  int option;
  while ((option = getopt(argc, argv, "s:n:c:r:p:")) != -1) {
    switch (option) {
      case 's': seconds = atof(optarg); break;
      case 'n': limit = strtoull(optarg, 0, 10); break;
      case 'c': pin(atoi(optarg)); break;
      case 'r': rate = atof(optarg); break;
      case 'p': path = optarg; break;
      default: fputs(USAGE, stderr); return 2;
    }
  }
  if (optind < argc && !strcmp(argv[optind], "lines")) return stamp_lines();
  const struct workload *workload = 0;
  for (size_t i = 0; i < sizeof WORKLOADS / sizeof *WORKLOADS; i++)
    if (optind < argc && !strcmp(argv[optind], WORKLOADS[i].name)) workload = &WORKLOADS[i];
  if (!workload) {
    fputs(USAGE, stderr);
    return 2;
  }
  if (!path) path = workload->call == mark ? "/etc/shadow" : "/etc/hostname";
  if (workload->call == open_names) find_names();
  if (workload->call == connect_accept) listen_on_loopback();
  if (workload->call == write_and_read && pipe(pipe_ends)) fail("pipe");
  // At a set rate, a batch is what a tenth of a millisecond takes.
  uint64_t batch = rate > 0 ? (uint64_t)(rate / 10000) : (uint64_t)workload->batch;
  if (batch < 1) batch = 1;
  uint64_t cpu = cpu_ns(), start = now_ns(CLOCK_MONOTONIC), time = start, calls = 0;
  uint64_t end = seconds > 0 ? start + (uint64_t)(seconds * 1e9) : UINT64_MAX;
  if (workload->call == mark && signal(SIGTERM, stop) == SIG_ERR) fail("signal");
  while (time < end && calls < limit && !stopped) {
    for (uint64_t i = 0; i < batch && calls < limit; i++, calls++) workload->call();
    if (rate > 0) wait_until(start + (uint64_t)((double)calls / rate * 1e9));
    time = now_ns(CLOCK_MONOTONIC);
  }
  cpu = cpu_ns() - cpu;
  if (workload->call == mark) return 0;
  printf("{\"calls\":%llu,\"ns\":%llu,\"cpuNs\":%llu}\n", (unsigned long long)calls, (unsigned long long)(time - start),
         (unsigned long long)cpu);
  return 0;
}
