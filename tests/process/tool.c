/* weir(1) on sessions and regions that live, hang or are dead: what it says, its exit status, and that
 * it writes nothing. */
#include "tool_proc.h"

#define MARKER 1u

/* ---- a session that hangs ---- */

struct board {
	uint32_t step;
	uint32_t arrived; /* the one that is waited for */
	uint32_t counted; /* the coordinator's: members */
};

struct cast {
	struct board *board;
	int arrives;
};

static uint32_t fence_of(struct weir_session *s)
{
	uint32_t id;

	NEED_OK(weir_session_barrier_open(s, "harvest", &id, NULL));
	return id;
}

static void member(void *arg)
{
	const struct cast *c = arg;
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = proc_soon(60000)};
	struct weir_session *s;
	uint32_t id, i;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	NEED_OK(weir_session_attach(&s, name, NULL, NULL));
	NEED_OK(weir_session_wait_members(s, 3, &how));
	for (i = 0; i < 8; i++)
		NEED_OK(weir_session_send(s, MARKER, &i, sizeof(i)));
	id = fence_of(s);
	if (!c->arrives) {
		proc_until(&c->board->step, 1); /* the others wait for this one */
		for (i = 8; i < 16; i++)
			NEED_OK(weir_session_send(s, MARKER, &i, sizeof(i)));
		NEED_OK(weir_session_barrier_begin(s, id, WEIR_BARRIER_DELIVERY, WEIR_BARRIER_FAIL,
						   WEIR_NS_NEVER));
		proc_set(&c->board->arrived, 1);
	}
	(void)!weir_session_barrier(s, id, WEIR_BARRIER_DELIVERY, WEIR_BARRIER_FAIL, &how,
				    NULL); /* the coordinator will be killed */
	_exit(0);
}

/* Of what the second member sends last, half is handled after it has arrived, and the rest never. */
static int stick(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	struct board *b = ctx;

	(void)s;
	if (m->from == 2 && m->seq == 8)
		proc_until(&b->arrived, 1);
	if (m->from == 2 && m->seq == 12)
		pause();
	return 0;
}

static void coordinator(void *arg)
{
	const struct cast *c = arg;
	struct weir_session_config cfg = {
		.struct_size = sizeof(cfg), .members = 4, .barriers = 2, .ring_capacity = 4096};
	struct weir_wait how = {.strategy = WEIR_WAIT_PARK, .deadline = proc_soon(60000)};
	struct weir_session *s;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	NEED_OK(weir_session_create(&s, name, &cfg, NULL, NULL));
	NEED_OK(weir_session_on(s, MARKER, stick, c->board));
	proc_set(&c->board->counted, 1);
	NEED_OK(weir_session_wait_members(s, 3, &how));
	proc_set(&c->board->counted, 3);
	(void)!weir_session_barrier(s, fence_of(s), WEIR_BARRIER_DELIVERY, WEIR_BARRIER_FAIL, &how,
				    NULL);
	_exit(1); /* is killed before */
}

/* Until it says so; what it reports becomes true a little later. */
static void until_stat_says(const char *text)
{
	const struct timespec nap = {0, 20000000};
	int tries = 0;

	do {
		if (++tries == 1000)
			SAYS(text);
		(void)nanosleep(&nap, NULL);
		STATUS(weir("stat", name, NULL, NULL), 0);
	} while (strstr(said, text) == NULL);
}

static uint64_t digest_of(const char *file)
{
	uint64_t h = 14695981039346656037u;
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	unsigned char buf[4096];
	ssize_t n, i;

	NEED(fd >= 0);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (i = 0; i < n; i++)
			h = (h ^ buf[i]) * 1099511628211u;
	NEED(n == 0 && close(fd) == 0);
	return h;
}

static void hangs(const pid_t *pid)
{
	char text[128];

	until_stat_says("missing: slot");
	SAYS("GATHERING");
	SAYS("harvest");
	NEED(snprintf(text, sizeof(text), "missing: slot 2 (pid %d alive)\n", (int)pid[2]) > 0);
	SAYS(text);
	SAYS_PID("member 1: pid ", pid[1]);
	SAYS("waits in harvest");
	STATUS(weir("check", name, NULL, NULL), 0);
	SAYS("well");
	STATUS(weir("list", NULL, NULL, NULL), 0);
	SAYS(name);
	SAYS("session, 3 of 4 members");
	STATUS(weir("top", "-c", "1", name), 0);
	SAYS("1 missing");
	STATUS(weir("gc", name, NULL, NULL), 0);
	SAYS("in use");
	SAYS("0 removed");
}

static void lags(const pid_t *pid)
{
	char text[128];

	until_stat_says("behind: slot 0");
	SAYS("DRAINING");
	NEED(snprintf(text, sizeof(text), "behind: slot 0 (pid %d alive) by ", (int)pid[0]) > 0);
	SAYS(text);
	SAYS("bytes of ring 2");
}

static void is_dead(const pid_t *pid)
{
	uint64_t before = digest_of(path);

	STATUS(weir("stat", name, NULL, NULL), 3);
	SAYS_PID("coordinator pid ", pid[0]);
	SAYS("dead");
	STATUS(weir("check", name, NULL, NULL), 3);
	SAYS_PID("coordinator, pid ", pid[0]);
	STATUS(weir("top", name, NULL, NULL), 3);
	NEED(digest_of(path) == before); /* nothing was written */
}

/* ---- regions that are no session ---- */

static void plain_region(void)
{
	struct weir_region_config cfg = {.struct_size = sizeof(cfg), .max_objects = 3};
	struct weir_ring_config ring = {.struct_size = sizeof(ring), .capacity = 4096};
	struct weir_ring_writer w;
	struct weir_region r;
	struct weir_span obj;
	size_t n;
	pid_t pid;

	NEED_OK(weir_ring_bytes(&ring, &n, NULL));
	cfg.payload_bytes = n + 4096;
	NEED_OK(weir_region_create(&r, copy_name, &cfg, NULL));
	NEED_OK(weir_region_add(&r, WEIR_KIND_USER, "notes", 1000, &obj, NULL));
	NEED_OK(weir_region_add(&r, WEIR_KIND_RING, "orders", n, &obj, NULL));
	NEED_OK(weir_ring_format(obj, &ring, NULL));
	NEED_OK(weir_region_publish(&r, NULL));
	STATUS(weir("stat", copy_name, NULL, NULL), 0);
	SAYS("object notes: user, 1000 bytes");
	SAYS("object orders: ring");
	SAYS("writer nobody");
	STATUS(weir("check", copy_name, NULL, NULL), 0);
	STATUS(weir("top", copy_name, NULL, NULL), 2);
	SAYS("the region holds none");
	pid = fork();
	NEED(pid >= 0);
	if (pid == 0) {
		if (weir_ring_writer_attach(&w, obj, NULL, weir_owner_self(), NULL, NULL) !=
			    WEIR_OK ||
		    weir_ring_send(&w, 1, "abc", 3, WEIR_RING_LOSSY) != WEIR_OK)
			_exit(1);
		raise(SIGKILL);
	}
	NEED(proc_reap(pid) == 128 + SIGKILL);
	STATUS(weir("check", copy_name, NULL, NULL), 3);
	SAYS_PID("dead: orders: writer, pid ", pid);
	STATUS(weir("stat", copy_name, NULL, NULL), 0);
	SAYS("1 messages");
	weir_region_close(&r);
	STATUS(weir("gc", copy_name, NULL, NULL), 0);
	SAYS(copy_name);
	SAYS(": removed");
	STATUS(weir("stat", copy_name, NULL, NULL), 2);
}

static void misuse(void)
{
	STATUS(weir("stat", "weir-test-no-such", NULL, NULL), 2);
	SAYS("no such name");
	STATUS(weir("check", "a/b", NULL, NULL), 2);
	STATUS(weir("stat", NULL, NULL, NULL), 2);
	SAYS("Usage:");
	STATUS(weir("frobnicate", name, NULL, NULL), 2);
	STATUS(weir("top", "-n", "0", name), 2);
	STATUS(weir("list", "x", NULL, NULL), 2);
	STATUS(weir("help", NULL, NULL, NULL), 0);
	SAYS("Usage:");
}

static void body(void *arg)
{
	struct board *board = proc_shared(sizeof(*board)).ptr;
	struct cast cast[3] = {{board, 1}, {board, 1}, {board, 0}};
	pid_t pid[3];
	int i;

	(void)arg;
	misuse();
	plain_region();
	pid[0] = proc_fork(coordinator, &cast[0]);
	proc_until(&board->counted, 1);
	pid[1] = proc_fork(member, &cast[1]);
	until_stat_says("member 1"); /* so that the next has slot 2 */
	pid[2] = proc_fork(member, &cast[2]);
	proc_until(&board->counted, 3);
	hangs(pid);
	proc_set(&board->step, 1);
	lags(pid);
	for (i = 0; i < 3; i++)
		NEED(kill(pid[i], SIGKILL) == 0 && proc_reap(pid[i]) == 128 + SIGKILL);
	is_dead(pid);
	STATUS(weir("gc", name, NULL, NULL), 0);
	SAYS("1 removed");
}

int main(void)
{
	return test_in_child(body);
}
