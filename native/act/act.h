// What the parts of act share.
#pragma once

#include <sys/types.h>

enum { LAST_STEP = -1 };

// In the environment of what @pretend runs: act that ends at once, whatever its arguments.
#define PRETENCE "WASPREY_ACT_PRETENDS"

// Ends act with a message: what is asked for can't be done.
[[noreturn]] void die(const char* format, ...);
// Nanoseconds since the epoch.
long long now(void);
// Adds to the line that say_line() writes out.
void say(const char* format, ...);
// What fstat, /proc and the socket itself tell of a descriptor; nothing if it is none.
void say_descriptor(int fd);
// Begins a line with who and where the calling thread is.
void say_where(const char* call);
// Ends the line and writes it.
void say_line(void);
// What a word stands for, as a register holds it.
long argument(const char* text);
// Result of a step that was done; LAST_STEP for the latest.
long step_result(int step);

// process.c: these return in the process that goes on, or not at all.

// In a child of that number (0: any); its parent ends with the child's status, after all that come of it.
void hand_over_to_child(pid_t number);
// In a child whose parent has ended.
void become_orphan(void);
// In a child of its own parent; itself it ends.
void become_sibling(void);
// In a child with a session and a controlling terminal of its own.
void enter_terminal(void);
void on_cpu(int number);
void become_user(unsigned number);
// In a network namespace of its own, whose loopback device has that IPv4 address; where that is not permitted, in the
// one it is in.
void enter_network(const char* address);
// As the program at a path, called with a name and the words that are left.
[[noreturn]] void go_on_as(const char* path, const char* name, char** rest);
// As itself, by a link or a copy that is made at that path.
[[noreturn]] void go_on_as_link(const char* path, char** rest);
[[noreturn]] void go_on_as_copy(const char* path, char** rest);
// Runs a program found in PATH to its end, with no input and no output; its status does not matter.
void spawn(char** list);
// The same with a link to act at that path, which does nothing.
void pretend(char** list);

// Calls by other ways than the system call of that name (see act.c); their results are as the kernel gives them.
long call_by_ring(const char* name, const char* how, const long* arguments);
long call_by_interrupt(const char* name, const char* how, const long* arguments);
long call_by_socketcall(const char* name, const char* how, const long* arguments);

// race.c: memory of that size, with what `first` points to until the kernel has read all but its end, and then with
// what `other` points to; NULL: what was read is gone then.
void* raced(const char* first, size_t size, const char* other);

// files.c: removes a file or folder with all that is in it; one that is not there is no error.
void remove_tree(const char* path);
