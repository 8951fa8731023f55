/* Flags of opens, as system calls have them and as struct file keeps them. */

#ifndef WASPREY_OPEN_FLAGS_H
#define WASPREY_OPEN_FLAGS_H

#define O_ACCMODE 3
#define O_PATH 010000000
#define O_CREAT 0100
#define O_TRUNC 01000
#define O_TMPFILE_BIT 020000000
#define CREAT_FLAGS 01101 /* O_CREAT | O_WRONLY | O_TRUNC */

#endif
