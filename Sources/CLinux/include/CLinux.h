#ifndef CLINUX_H
#define CLINUX_H
// What the Glibc module of Swift does not expose: epoll, eventfd, timerfd, signalfd, accept4, pidfd, inotify.
#include <errno.h>
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

// Two calls that the headers show only to programs that ask for all GNU extensions.

/// accept4 for a descriptor that does not block and is closed on exec.
int linux_accept4(int fd, struct sockaddr *address, socklen_t *length);

/// Names the calling thread for ps and debuggers: at most 15 bytes.
void linux_set_thread_name(const char *name);
#endif
