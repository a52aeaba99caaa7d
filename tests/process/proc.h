/* proc.h - what the process tests share: shared memory, children whose exit status counts, a
 * watchdog, and failures that name the place. Plain programs: exit 0, 1, or 77 for "skipped". */
#ifndef WEIR_PROC_H
#define WEIR_PROC_H

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <weir/drain.h>
#include <weir/region.h>
#include <weir/ring.h>

#define NEED(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond))                                                                       \
			proc_fail(__FILE__, __LINE__, #cond);                                      \
	} while (0)

/* A call of the library that must succeed: a failure says what it returned. */
#define NEED_OK(call)                                                                              \
	do {                                                                                       \
		int need_rc_ = (call);                                                             \
		if (need_rc_ != WEIR_OK)                                                           \
			proc_fail_rc(__FILE__, __LINE__, #call, need_rc_);                         \
	} while (0)

static inline void proc_fail_rc(const char *file, int line, const char *what, int rc)
{
	fprintf(stderr, "%s:%d: pid %d: returned %d (%s): %s\n", file, line, (int)getpid(), rc,
		rc < 0 ? strerror(-rc) : "no error", what);
	fflush(stderr);
	_exit(1);
}

static inline void proc_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: pid %d: failed: %s\n", file, line, (int)getpid(), what);
	fflush(stderr);
	_exit(1);
}

static inline int proc_slow(void)
{
	return getenv("WEIR_SLOW") != NULL;
}

/* What hangs is ended by SIGALRM, instead of by the harness. Not sooner than that: how long a test
 * takes is up to whoever else uses the machine. */
static inline void proc_watchdog(void)
{
	alarm(400u * (proc_slow() ? 40u : 1u));
}

static inline weir_ns proc_now(void)
{
	const struct weir_env *env = weir_env_system();

	return env->now(env->ctx);
}

static inline struct weir_span proc_shared(size_t len)
{
	struct weir_span s;

	s.len = len;
	s.ptr = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	NEED(s.ptr != MAP_FAILED);
	return s;
}

/* Waits for a child and returns its exit status, or 128 + signal. */
static inline int proc_reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) != pid)
		NEED(errno == EINTR);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline pid_t proc_fork(void (*body)(void *), void *arg)
{
	pid_t pid = fork();

	NEED(pid >= 0);
	if (pid == 0) {
		proc_watchdog(); /* alarms are not inherited */
		body(arg);
		_exit(0);
	}
	return pid;
}

/* A word in shared memory that one side sets and the other waits for. */
static inline void proc_set(uint32_t *word, uint32_t value)
{
	weir_store_release32(word, value);
}

static inline void proc_until(const uint32_t *word, uint32_t value)
{
	const struct timespec nap = {0, 200000};

	while (weir_load_acquire32(word) != value)
		nanosleep(&nap, NULL);
}

/* A ring and its table in memory that children inherit. */
struct channel {
	struct weir_span ring;
	struct weir_span table_mem;
	struct weir_progress table;
};

static inline void channel_open(struct channel *c, uint64_t capacity, weir_pos origin,
				uint32_t slots)
{
	struct weir_ring_config cfg = {.struct_size = sizeof(cfg)};
	size_t n;

	cfg.capacity = capacity;
	cfg.origin = origin;
	NEED_OK(weir_ring_bytes(&cfg, &n, NULL));
	c->ring = proc_shared(n);
	NEED_OK(weir_ring_format(c->ring, &cfg, NULL));
	NEED_OK(weir_progress_bytes(slots, &n, NULL));
	c->table_mem = proc_shared(n);
	NEED_OK(weir_progress_format(c->table_mem, slots, NULL));
	NEED_OK(weir_progress_attach(&c->table, c->table_mem, NULL));
}

static inline void channel_close(struct channel *c)
{
	munmap(c->ring.ptr, c->ring.len);
	munmap(c->table_mem.ptr, c->table_mem.len);
}

#endif
