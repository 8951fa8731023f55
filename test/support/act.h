// What the parts of act share.
#pragma once

enum { LAST_STEP = -1 };

// Ends act with a message: the test asked for what there is not.
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
