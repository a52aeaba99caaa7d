/* No allocation on any hot path: the allocator is replaced and counts. What a session does when it is
 * polled by hand makes no system call either: a child does it, which the kernel kills at the first. */
#define _GNU_SOURCE

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/drain.h>
#include <weir/join.h>
#include <weir/region.h>
#include <weir/ring.h>
#include <weir/session.h>
#include <weir/watch.h>

extern void *__libc_malloc(size_t n);
extern void __libc_free(void *p);
extern void *__libc_calloc(size_t n, size_t m);
extern void *__libc_realloc(void *p, size_t n);
extern void *__libc_memalign(size_t a, size_t n);

static volatile unsigned long calls; /* compilers believe that malloc() changes no variable */

void *malloc(size_t n)
{
	calls++;
	return __libc_malloc(n);
}

void free(void *p)
{
	calls++;
	__libc_free(p);
}

void *calloc(size_t n, size_t m)
{
	calls++;
	return __libc_calloc(n, m);
}

void *realloc(void *p, size_t n)
{
	calls++;
	return __libc_realloc(p, n);
}

void *aligned_alloc(size_t a, size_t n)
{
	calls++;
	return __libc_memalign(a, n);
}

static int failures;
static char arena[1 << 17] __attribute__((aligned(4096)));
static char region_memory[1 << 17] __attribute__((aligned(4096)));

static void expect_none(const char *what, unsigned long before)
{
	if (calls != before) {
		printf("not ok - %s: %lu calls of the allocator\n", what, calls - before);
		failures++;
	}
}

#define NONE(what, statement)                                                                      \
	do {                                                                                       \
		unsigned long before = calls;                                                      \
		statement;                                                                         \
		expect_none(what, before);                                                         \
	} while (0)

static int nothing(void *ctx, const struct weir_ring_view *v)
{
	(void)ctx;
	(void)v;
	return 0;
}

static void need(int got, int want, const char *what)
{
	if (got != want) {
		printf("not ok - %s: %d, wanted %d\n", what, got, want);
		failures++;
	}
}

static void ring_paths(void)
{
	struct weir_ring_config cfg = {.struct_size = sizeof(cfg), .capacity = 8192};
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = 1};
	struct weir_span ring = {arena, 65536}, table = {arena + 65536, 65536};
	struct weir_progress t;
	struct weir_progress_record rec;
	struct weir_ring_writer w;
	struct weir_ring_reader r;
	struct weir_ring_view v;
	struct weir_ring_room room;
	struct weir_drain d;
	struct weir_drain_target target[4];
	struct weir_error e;
	char text[128];
	uint64_t word = 7;
	int i;

	NONE("ring format", need(weir_ring_format(ring, &cfg, &e), WEIR_OK, "format"));
	NONE("progress format", need(weir_progress_format(table, 4, &e), WEIR_OK, "format"));
	NONE("progress attach", need(weir_progress_attach(&t, table, &e), WEIR_OK, "attach"));
	NONE("writer attach", need(weir_ring_writer_attach(&w, ring, &t, weir_owner_self(), NULL, &e),
				   WEIR_OK, "writer"));
	NONE("join", need(weir_ring_join(&r, ring, &t, 0, WEIR_RING_OLDEST, weir_owner_self(), &e),
			  WEIR_OK, "join"));
	for (i = 0; i < 5000; i++) {
		NONE("send", need(weir_ring_send(&w, 1, &word, 8, WEIR_RING_GATED), WEIR_OK, "send"));
		NONE("claim", need(weir_ring_claim(&w, 1, 100, WEIR_RING_GATED, &room), WEIR_OK,
				   "claim"));
		NONE("commit", weir_ring_commit(&w));
		NONE("poll", need(weir_ring_poll(&r, &v), WEIR_OK, "poll"));
		NONE("deliver", weir_ring_deliver(&r, 1));
		NONE("dispatch", need(weir_ring_dispatch(&r, nothing, NULL, 9, 1, NULL), WEIR_OK,
				      "dispatch"));
		NONE("read", need(weir_progress_read(&t, 0, &rec), WEIR_OK, "read"));
	}
	NONE("poll_wait", need(weir_ring_poll_wait(&r, &v, &how), -ETIMEDOUT, "poll_wait"));
	NONE("send", need(weir_ring_send(&w, 1, &word, 8, WEIR_RING_LOSSY), WEIR_OK, "send"));
	NONE("drain", {
		weir_drain_init(&d, target, 4, 0);
		need(weir_drain_add_all(&d, &t, weir_ring_writer_leading(&w), 0), WEIR_OK, "add");
		need(weir_drain_poll(&d, 1), WEIR_PENDING, "drain poll");
		need(weir_drain_wait(&d, NULL, 0, &how), -ETIMEDOUT, "drain wait");
	});
	NONE("error text", {
		need(weir_ring_writer_attach(&w, ring, &t, 0, NULL, &e), -EINVAL, "owner");
		(void)weir_error_format(&e, text, sizeof(text));
	});
	NONE("leave", weir_ring_leave(&r, 1));
	NONE("close", weir_ring_close(&w));
}

static void region_paths(void)
{
	struct weir_region_config cfg = {.struct_size = sizeof(cfg),
					 .max_objects = 4,
					 .payload_bytes = 4096,
					 .incarnation = 1};
	struct weir_span mem = {region_memory, sizeof(region_memory)}, obj;
	struct weir_region r, named;
	char name[64];

	NONE("region format", need(weir_region_format(&r, mem, &cfg, NULL), WEIR_OK, "format"));
	NONE("region add", need(weir_region_add(&r, WEIR_KIND_USER, "x", 64, &obj, NULL), WEIR_OK,
				"add"));
	NONE("region seal", need(weir_region_seal(&r), WEIR_OK, "seal"));
	NONE("region attach", need(weir_region_attach(&r, mem, 0, NULL), WEIR_OK, "attach"));
	NONE("region find", need(weir_region_find(&r, WEIR_KIND_USER, "x", &obj), WEIR_OK, "find"));
	snprintf(name, sizeof(name), "check-alloc-%u", weir_owner_pid(weir_owner_self()));
	NONE("region create", need(weir_region_create(&r, name, &cfg, NULL), WEIR_OK, "create"));
	NONE("region publish", need(weir_region_publish(&r, NULL), WEIR_OK, "publish"));
	NONE("region open", need(weir_region_open(&named, name, 0, NULL), WEIR_OK, "open"));
	NONE("region gc", need(weir_region_gc(name, NULL, NULL), 0, "gc"));
	NONE("region close", {
		weir_region_close(&named);
		weir_region_close(&r);
	});
	NONE("region unlink", need(weir_region_unlink(name), WEIR_OK, "unlink"));
}

/* Whatever a join is told and asked, in each mode; maps are taken in between. */
static void join_paths(uint32_t mode)
{
	struct weir_merge_rule rule[] = {
		weir_merge_rule_offset_ns(1, WEIR_MERGE_FRAME_DESCRIPTOR, 0),
		weir_merge_rule_window_ns(2, WEIR_MERGE_FRAME_DESCRIPTOR, 3)};
	struct weir_join_config cfg = {.struct_size = sizeof(cfg),
				       .out = 9,
				       .mode = mode,
				       .flags = WEIR_JOIN_PROCESSED | WEIR_JOIN_ANY_ORDER,
				       .max_rules = 4};
	struct weir_merge_map m =
		mode == WEIR_JOIN_TIMESTAMP
			? weir_merge_map_timestamp(9, 1, WEIR_MERGE_MONOTONIC, rule, 2)
			: weir_merge_map_sequence(9, 1, rule, 2);
	struct weir_span mem = {arena, sizeof(arena)};
	struct weir_join j;
	uint64_t i, out;

	NONE("join init", need(weir_join_init(&j, &cfg, mem, NULL), WEIR_OK, "join init"));
	NONE(
		"join", for (i = 3; i < 100000; i++) {
			if (i % 1000 == 3) {
				m.stale_ns = i;
				need((int)weir_join_apply(&j, &m, i, NULL), WEIR_JOIN_OK, "apply");
			}
			weir_join_observe(&j, 1 + i % 2, 1, i, i);
			weir_join_observe_time(&j, 1 + i % 2, 1, WEIR_MERGE_FRAME_DESCRIPTOR, i,
					       WEIR_MERGE_MONOTONIC, i);
			weir_join_processed(&j, 1 + i % 2, 1, i);
			weir_join_processed_time(&j, 1 + i % 2, 1, WEIR_MERGE_FRAME_DESCRIPTOR, i);
			if (weir_join_ready(&j, i - 1, i, NULL))
				need(weir_join_commit(&j, i - 1, j.generation), WEIR_OK, "commit");
			if (weir_join_ready_upto(&j, i, &out) < 0)
				need(0, 1, "upto");
			weir_join_invalidate(&j, 1);
		});
	need(j.stats.commits > 10000, 1, "outputs were made");
}

/* ---- sessions ---- */

struct scene {
	struct weir_session *s[3];
	struct weir_watch watch;
	uint32_t id;
};

static void later(void *ctx, struct weir_session *s, weir_ns now)
{
	(void)ctx;
	(void)s;
	(void)now;
}

static int handle(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	(void)m;
	need(weir_session_defer(s, later, ctx), WEIR_OK, "defer");
	return 0;
}

/* Everybody sends, arrives and polls by hand until all have met. */
static void meet(struct scene *sc, enum weir_barrier_mode mode)
{
	struct weir_session_stats st = {.struct_size = sizeof(st)};
	struct weir_watch_behind behind[4];
	struct weir_watch_barrier view;
	uint64_t word = 1;
	uint32_t i, n;
	int rc = WEIR_PENDING;

	for (i = 0; i < 3; i++) {
		need(weir_session_send(sc->s[i], 1, &word, 8), WEIR_OK, "session send");
		need(weir_session_barrier_begin(sc->s[i], sc->id, mode, WEIR_BARRIER_FAIL, 0),
		     WEIR_OK, "begin");
	}
	for (n = 0; n < 100 && rc == WEIR_PENDING; n++) {
		for (i = 0; i < 3; i++)
			if (weir_session_poll(sc->s[i], 2) < 0)
				need(0, 1, "session poll");
		rc = weir_session_barrier_test(sc->s[0], sc->id, NULL);
	}
	need(rc, WEIR_OK, "coordinator's test");
	for (i = 1; i < 3; i++)
		need(weir_session_barrier_test(sc->s[i], sc->id, NULL), WEIR_OK, "test");
	need(weir_watch_read_barrier(&sc->watch, sc->id, NULL, &view), WEIR_OK, "watch barrier");
	need(weir_watch_read_behind(&sc->watch, sc->id, behind, 4, &n), WEIR_OK, "watch behind");
	need(weir_session_read_stats(sc->s[0], &st), WEIR_OK, "read stats");
}

/* In a child: 1 when the kernel filters calls from now on. */
static int forbid_system_calls(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog prog = {sizeof(code) / sizeof(code[0]), code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) == 0;
}

/* Three members, counted; the look at who is alive, which is due at first, has been taken. */
static void open_scene(struct scene *sc)
{
	struct weir_session_config cfg = {
		.struct_size = sizeof(cfg), .members = 3, .barriers = 2, .ring_capacity = 4096};
	int i;

	NONE("session create", need(weir_session_create(&sc->s[0], NULL, &cfg, NULL, NULL), WEIR_OK,
				    "create"));
	for (i = 1; i < 3; i++)
		NONE("session attach",
		     need(weir_session_attach_region(&sc->s[i], weir_session_region(sc->s[0]), NULL,
						     NULL),
			  WEIR_OK, "session attach"));
	for (i = 0; i < 3; i++)
		NONE("handler", weir_session_on_other(sc->s[i], handle, NULL));
	NONE("barrier open", need(weir_session_barrier_open(sc->s[1], "b", &sc->id, NULL), WEIR_OK,
				  "barrier open"));
	NONE("watch open", need(weir_watch_open(&sc->watch, weir_session_region(sc->s[0]), NULL),
				WEIR_OK, "watch open"));
	for (i = 2; i >= 0; i--)
		NONE("first poll", need(weir_session_poll(sc->s[i], 1) >= 0, 1, "first poll"));
}

static void without_system_calls(void)
{
	int status = -1, round;
	struct scene sc;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		open_scene(&sc);
		if (failures != 0 || !forbid_system_calls())
			_exit(failures != 0 ? 1 : 77);
		for (round = 0; round < 300; round++)
			meet(&sc, (enum weir_barrier_mode)(1 + round % 3));
		_exit(failures != 0);
	}
	need(pid > 0 && waitpid(pid, &status, 0) == pid, 1, "child");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		printf("# no filter for system calls here: not looked at\n");
	else
		need(status, 0, "status of a session that may make no system call");
	pid = fork(); /* and the filter bites, or that means nothing */
	if (pid == 0) {
		if (!forbid_system_calls())
			_exit(77);
		_exit(weir_owner_self() == 0);
	}
	need(pid > 0 && waitpid(pid, &status, 0) == pid, 1, "child");
	need(WIFSIGNALED(status) || WEXITSTATUS(status) == 77, 1, "filtering");
}

static void session_paths(void)
{
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = 1};
	struct scene sc;
	int i;

	open_scene(&sc);
	for (i = 0; i < 300; i++)
		NONE("meeting", meet(&sc, (enum weir_barrier_mode)(1 + i % 3)));
	while (weir_session_send(sc.s[1], 1, &i, sizeof(i)) == WEIR_OK)
		;
	NONE("send_wait", need(weir_session_send_wait(sc.s[1], 1, &i, sizeof(i), &how), -ETIMEDOUT,
			       "send_wait"));
	NONE("wait_members", need(weir_session_wait_members(sc.s[1], 3, &how), WEIR_OK,
				  "wait_members"));
	NONE("barrier", need(weir_session_barrier(sc.s[1], sc.id, WEIR_BARRIER_DELIVERY,
						  WEIR_BARRIER_FAIL, &how, NULL),
			     -ETIMEDOUT, "barrier"));
	for (i = 2; i >= 0; i--)
		NONE("session close", need(weir_session_close(sc.s[i]), WEIR_OK, "session close"));
}

int main(void)
{
	unsigned long before = calls;
	void *volatile p;

	p = malloc(10); /* the counter counts, or nothing below means anything */

	free(p);
	need(calls - before == 2, 1, "counting");
	ring_paths();
	join_paths(WEIR_JOIN_SEQUENCE);
	join_paths(WEIR_JOIN_TIMESTAMP);
	join_paths(WEIR_JOIN_LATEST);
	region_paths();
	session_paths();
	without_system_calls();
	if (failures == 0)
		printf("ok - no allocation on any path\n");
	return failures != 0;
}
