#ifndef CLINUX_H
#define CLINUX_H
// What the Glibc module of Swift does not expose: epoll, eventfd, timerfd, signalfd, accept4, pidfd, inotify, mallopt.
#include <errno.h>
#include <malloc.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

// Calls that the headers show only to programs that ask for all GNU extensions.

/// accept4 for a descriptor that does not block and is closed on exec.
int linux_accept4(int fd, struct sockaddr *address, socklen_t *length);

/// Names the calling thread for ps and debuggers: at most 15 bytes.
void linux_set_thread_name(const char *name);

/// Starts a program in `folder`, in a process group of its own, with the three descriptors as its standard streams and no
/// others, no signal ignored or blocked. A name without a slash is looked for in PATH. 0 and the process id, or errno.
int linux_spawn(pid_t *pid, const char *folder, char *const arguments[], char *const environment[], const int streams[3]);

/// Raises the process's soft limit of open files to its hard limit. To be called before other threads run.
void linux_raise_descriptor_limit(void);

/// Bounds the memory that a process and its later children may write to, each (RLIMIT_DATA), and gives it the limit of open
/// files that this process had before it raised its own. 0, or -1 and errno.
int linux_limit_memory(pid_t pid, unsigned long bytes);

/// A descriptor that becomes readable when the child ends, closed on exec (pidfd_open). -1 and errno where it fails.
int linux_open_process(pid_t pid);
#endif
