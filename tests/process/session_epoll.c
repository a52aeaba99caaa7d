/* Sessions in loops of somebody else's: two members sleep in epoll_wait() and nowhere else, hand a
 * ball to and fro, and meet in fences. The liveness interval is so long that a lost wake-up is not
 * mended by it: it would hang, and the watchdog would end it. */
#define _GNU_SOURCE

#include "session_proc.h"

#include <sys/epoll.h>

#define BALL 1u
#define ROUNDS 3000u

struct side {
	struct weir_session *s;
	uint64_t handled;
	uint64_t sleeps;
	int loop;
};

static int on_ball(void *ctx, struct weir_session *s, const struct weir_session_msg *m)
{
	struct side *a = ctx;
	uint64_t n;

	NEED(m->len == sizeof(n));
	memcpy(&n, m->ptr, sizeof(n));
	NEED(n == a->handled * 2u + (weir_session_slot(s) == 0 ? 0 : 1));
	a->handled++;
	n++;
	if (n < 2u * ROUNDS)
		NEED_OK(weir_session_send(s, BALL, &n, sizeof(n)));
	return 0;
}

static void begin(struct side *a)
{
	struct epoll_event e = {.events = EPOLLIN};
	int fd, again;

	NEED(weir_session_arm(a->s, proc_now()) == -EINVAL);
	NEED_OK(weir_session_fd(a->s, &fd, NULL));
	NEED(weir_session_fd(a->s, &again, NULL) == WEIR_OK && again == fd);
	a->loop = epoll_create1(EPOLL_CLOEXEC);
	NEED(a->loop >= 0 && epoll_ctl(a->loop, EPOLL_CTL_ADD, fd, &e) == 0);
	NEED_OK(weir_session_on(a->s, BALL, on_ball, a));
}

/* One turn of the loop. */
static void turn(struct side *a)
{
	struct epoll_event e;
	int rc = weir_session_arm(a->s, proc_now());

	NEED(rc == WEIR_OK || rc == WEIR_EMPTY);
	if (rc == WEIR_OK)
		return;
	a->sleeps++;
	NEED(epoll_wait(a->loop, &e, 1, -1) == 1);
}

static void meet(struct side *a, uint32_t id)
{
	int rc;

	NEED_OK(weir_session_barrier_begin(a->s, id, WEIR_BARRIER_PROCESSING, WEIR_BARRIER_FAIL,
					   0));
	while ((rc = weir_session_barrier_test(a->s, id, NULL)) == WEIR_PENDING)
		turn(a);
	NEED_OK(rc);
}

static void play(struct side *a)
{
	uint64_t n = 0;
	uint32_t id, i;

	begin(a);
	NEED_OK(weir_session_barrier_open(a->s, "point", &id, NULL));
	while (weir_session_members(a->s) < 2)
		turn(a);
	meet(a, id);
	if (weir_session_slot(a->s) != 0)
		NEED_OK(weir_session_send(a->s, BALL, &n, sizeof(n)));
	while (a->handled < ROUNDS)
		turn(a);
	for (i = 0; i < 200; i++)
		meet(a, id);
	NEED(a->sleeps > 0);
	NEED(close(a->loop) == 0);
}

static void member(void *arg)
{
	struct side a = {.s = NULL};

	NEED_OK(weir_session_attach_region(&a.s, arg, NULL, NULL));
	play(&a);
	NEED_OK(weir_session_close(a.s));
}

int main(void)
{
	struct weir_session_config cfg = {
		.struct_size = sizeof(cfg), .members = 2, .liveness_ns = UINT64_C(1000000000000)};
	struct side a = {.s = NULL};
	pid_t pid;

	proc_watchdog();
	NEED_OK(weir_session_create(&a.s, NULL, &cfg, NULL, NULL));
	pid = proc_fork(member, (void *)(uintptr_t)weir_session_region(a.s));
	play(&a);
	NEED(proc_reap(pid) == 0);
	NEED_OK(weir_session_close(a.s));
	return 0;
}
