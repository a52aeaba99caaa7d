/* A join agent's cycles neither allocate nor enter the kernel: they run in a child that may make no
 * system call but write and exit, over an allocator that counts. */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/seccomp.h>

#include "agent_fixture.h"

extern void *__libc_malloc(size_t n);
extern void __libc_free(void *p);

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

static struct link *l;

static void post(uint32_t stream, uint64_t seq)
{
	struct weir_codec_message m = frame_of(stream, 1, seq, WEIR_MERGE_TIME_NULL);
	uint8_t bytes[64];
	size_t len;

	if (weir_codec_encode(&m, bytes, sizeof(bytes), &len, NULL) == WEIR_OK)
		lossy_put(&l->down, bytes, len);
}

static int taken(void *ctx, struct weir_join_agent *a, const struct weir_join_verdict *v,
                 weir_ns now)
{
	struct site *s = ctx;

	(void)a;
	(void)v;
	(void)now;
	s->n_out++;
	return WEIR_JOIN_AGENT_TAKEN;
}

static int cycles(void)
{
	weir_ns now;
	uint64_t i;
	int bad = 0;

	for (i = 0, now = 0; i < 5000; i++, now += MS) {
		post(1, i);
		post(2, i);
		bad |= weir_join_agent_do_work(&l->stage.a, now) < 0;
		bad |= weir_join_agent_do_work(&l->authority.a, now) < 0;
		bad |= weir_join_agent_next_ns(&l->stage.a) == 0;
	}
	return bad || l->stage.n_out < 4990u || l->stage.a.stats.requests == 0 ||
	       l->authority.a.stats.announced < 5u;
}

START_TEST(no_allocation_no_system_call)
{
	unsigned long before = calls;
	int status = 0;
	pid_t pid;

	l = link_make(WEIR_JOIN_SEQUENCE);
	l->stage.cfg.on_output = taken;
	site_open(&l->stage);
	site_open(&l->authority);
	hold_pair(l, 1, 0);
	ck_assert_uint_ne(calls, before); /* it counts, or nothing below means anything */
	pid = fork();
	if (pid == 0) {
		before = calls;
		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
			_exit(77);
		status = cycles() ? 2 : calls != before ? 3 : 0;
		syscall(SYS_exit, status);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status)); /* else it has made a call, and was killed */
	ck_assert(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77);
	link_close(l);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("join_agent_alloc");
	TCase *t = tcase_create("cycles");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, no_allocation_no_system_call);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
