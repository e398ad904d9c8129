/*
 * An SMTP server that takes everything and keeps nothing, for benchmarks: one thread, epoll, no allocation a message, so that
 * what is measured is the client. Usage: sink [delay in milliseconds before each reply]
 *
 * It prints its port, then one line for each line on standard input and begins to count anew:
 *   messages, bytes, microseconds from the first message's end to the last one's, own CPU microseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FD = 4096, READ_SIZE = 1 << 18, LINE = 1024, REPLIES = 512, QUEUE = 1 << 15 };

typedef struct {
  int open, in_data, matched;
  unsigned line_length, out_length, generation;
  char line[LINE], out[REPLIES];
} connection;

typedef struct {
  long long due;
  int fd;
  unsigned generation, length;
  char text[REPLIES];
} late_reply;

static connection connections[MAX_FD];
static late_reply queue[QUEUE];
static unsigned queue_head, queue_tail;
static char buffer[READ_SIZE];
static long long messages, bytes, first_at, last_at, cpu_before, delay_us;

static long long now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static long long cpu_us(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000LL + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static void reply(connection *c, const char *text) {
  size_t length = strlen(text);
  if (c->out_length + length > REPLIES) return;
  memcpy(c->out + c->out_length, text, length);
  c->out_length += (unsigned)length;
}

/* All replies to what came in one read leave together, as a server's do that supports PIPELINING. */
static void flush_replies(int fd, connection *c) {
  if (c->out_length == 0) return;
  if (delay_us == 0) {
    if (write(fd, c->out, c->out_length) < 0) { /* the client is gone; the next read says so */
    }
  } else {
    late_reply *late = &queue[queue_tail++ % QUEUE];
    late->due = now_us() + delay_us;
    late->fd = fd;
    late->generation = c->generation;
    late->length = c->out_length;
    memcpy(late->text, c->out, c->out_length);
  }
  c->out_length = 0;
}

static void send_due(void) {
  while (queue_head != queue_tail && queue[queue_head % QUEUE].due <= now_us()) {
    late_reply *late = &queue[queue_head++ % QUEUE];
    connection *c = &connections[late->fd];
    if (c->open && c->generation == late->generation && write(late->fd, late->text, late->length) < 0) {
    }
  }
}

static void command(connection *c) {
  if (!strncasecmp(c->line, "EHLO", 4))
    reply(c, "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES\r\n");
  else if (!strncasecmp(c->line, "DATA", 4)) {
    c->in_data = 1;
    c->matched = 2;
    reply(c, "354 go on\r\n");
  } else if (!strncasecmp(c->line, "QUIT", 4))
    reply(c, "221 2.0.0 bye\r\n");
  else
    reply(c, "250 2.0.0 ok\r\n");
}

/* Looks for CRLF.CRLF, across reads too; returns what stands behind it, or the end. */
static char *message(connection *c, char *p, char *end) {
  static const char terminator[] = "\r\n.\r\n";
  while (p < end && c->matched > 0 && c->matched < 5) {
    if (*p == terminator[c->matched])
      c->matched++, p++;
    else
      c->matched = *p == '\r' ? (p++, 1) : 0;
  }
  if (c->matched < 5) {
    char *found = memmem(p, (size_t)(end - p), terminator, 5);
    if (found == NULL) {
      int keep = 0;
      for (int k = 4; k > 0 && keep == 0; k--)
        if (end - p >= k && memcmp(end - k, terminator, (size_t)k) == 0) keep = k;
      if (p < end) c->matched = keep;
      return end;
    }
    p = found + 5;
  }
  c->in_data = c->matched = 0;
  last_at = now_us();
  if (messages++ == 0) first_at = last_at;
  reply(c, "250 2.0.0 ok\r\n");
  return p;
}

static void received(int fd, connection *c, char *p, char *end) {
  while (p < end) {
    if (c->in_data) {
      p = message(c, p, end);
      continue;
    }
    char *newline = memchr(p, '\n', (size_t)(end - p));
    char *stop = newline ? newline + 1 : end;
    while (p < stop) {
      if (c->line_length < LINE - 1) c->line[c->line_length++] = *p;
      p++;
    }
    if (newline == NULL) break;
    c->line[c->line_length] = 0;
    c->line_length = 0;
    command(c);
  }
  flush_replies(fd, c);
}

static void report(void) {
  printf("%lld %lld %lld %lld\n", messages, bytes, messages > 1 ? last_at - first_at : 0, cpu_us() - cpu_before);
  fflush(stdout);
  messages = bytes = 0;
  cpu_before = cpu_us();
}

int main(int argc, char **argv) {
  delay_us = argc > 1 ? atoll(argv[1]) * 1000 : 0;
  int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 1024) < 0) return 1;
  getsockname(listener, (struct sockaddr *)&address, &size);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  int poll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  event.data.fd = 0;
  epoll_ctl(poll, EPOLL_CTL_ADD, 0, &event);
  for (;;) {
    int wait = -1;
    if (queue_head != queue_tail) {
      long long left = queue[queue_head % QUEUE].due - now_us();
      wait = left <= 0 ? 0 : (int)((left + 999) / 1000);
    }
    int count = epoll_wait(poll, events, 256, wait);
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      if (fd == 0) {
        if (read(0, buffer, READ_SIZE) <= 0) return 0;
        report();
      } else if (fd == listener) {
        int accepted = accept(listener, NULL, NULL);
        if (accepted < 0 || accepted >= MAX_FD) continue;
        setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        unsigned generation = connections[accepted].generation + 1;
        memset(&connections[accepted], 0, sizeof(connection));
        connections[accepted].generation = generation;
        connections[accepted].open = 1;
        event.data.fd = accepted;
        epoll_ctl(poll, EPOLL_CTL_ADD, accepted, &event);
        reply(&connections[accepted], "220 sink ESMTP\r\n");
        flush_replies(accepted, &connections[accepted]);
      } else {
        ssize_t length = read(fd, buffer, READ_SIZE);
        if (length <= 0) {
          connections[fd].open = 0;
          close(fd);
          continue;
        }
        bytes += length;
        received(fd, &connections[fd], buffer, buffer + length);
      }
    }
    send_due();
  }
}
