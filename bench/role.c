/* What role functions call. See driver.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"
#include "control.h"
#include "realtime.h"

int64_t driver_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int role_stopped(const struct role *me)
{
	return control_load(&me->ctl->stop.word) != 0;
}

void role_stop_others(struct role *me)
{
	control_store(&me->ctl->stop.word, 1);
}

int role_fail(struct role *me, const char *format, ...)
{
	struct control *ctl = me->ctl;
	va_list ap;

	if (__atomic_exchange_n(&ctl->failed.word, 1, __ATOMIC_ACQ_REL) == 0) {
		va_start(ap, format);
		vsnprintf(ctl->failed.text, sizeof(ctl->failed.text), format, ap);
		va_end(ap);
	}
	control_store(&ctl->stop.word, 1);
	return -1;
}

int role_bad_message(struct role *me, uint64_t want, const void *got)
{
	uint64_t word;

	memcpy(&word, got, sizeof(word));
	return role_fail(me, "role %u: message %llu is wrong: its first word says %llu", me->index,
			 (unsigned long long)want, (unsigned long long)word);
}

int role_idle_slow(struct role *me)
{
	me->spins = 0;
	if (role_stopped(me))
		return -1;
	if (me->shared_cpu) {
		control_store(&me->ctl->result[me->index].idle, 1);
		sched_yield();
		control_store(&me->ctl->result[me->index].idle, 0);
	}
	if (driver_now() > me->deadline)
		return role_fail(me, "role %u waited too long: a message was lost or a side hangs",
				 me->index);
	return 0;
}

/* How long this thread was runnable but had no CPU, ns so far; 0 where the kernel does not say. */
static uint64_t waited_ns(void)
{
	unsigned long long ran = 0, waited = 0;
	FILE *f = fopen("/proc/thread-self/schedstat", "re");

	if (f == NULL)
		return 0;
	if (fscanf(f, "%llu %llu", &ran, &waited) != 2)
		waited = 0;
	fclose(f);
	return waited;
}

static void usage_of(struct role *me)
{
	struct rusage ru;

	memset(&ru, 0, sizeof(ru));
	getrusage(RUSAGE_THREAD, &ru);
	me->voluntary = (uint64_t)ru.ru_nvcsw;
	me->involuntary = (uint64_t)ru.ru_nivcsw;
	me->faults = (uint64_t)(ru.ru_minflt + ru.ru_majflt);
	me->waited = waited_ns();
}

/* Role 0: the others still need a CPU to get ready on, maybe this one. */
static int await_ready(struct role *me)
{
	uint32_t others;

	for (; (others = control_load(&me->ctl->ready.word)) != 0; sched_yield())
		if (role_stopped(me) || driver_now() > me->deadline)
			return role_fail(me, "%u roles never became ready", others);
	return 0;
}

static int await_word(struct role *me, const struct control_word *w, uint32_t want)
{
	while (control_load(&w->word) != want)
		if (role_idle(me) != 0)
			return -1;
	return 0;
}

/* None is real-time while another still wants a CPU to get ready on. */
static int get_ready(struct role *me)
{
	struct control *ctl = me->ctl;

	if (me->index == 0) {
		if (await_ready(me) != 0)
			return -1;
		control_store(&ctl->rise.word, 1);
		if (me->fifo == 0)
			return 0;
		return realtime_rise(me) != 0 ? -1 : await_word(me, &ctl->risen, 0);
	}
	__atomic_fetch_sub(&ctl->ready.word, 1, __ATOMIC_ACQ_REL);
	if (me->fifo == 0)
		return 0;
	if (await_word(me, &ctl->rise, 1) != 0 || realtime_rise(me) != 0)
		return -1;
	__atomic_fetch_sub(&ctl->risen.word, 1, __ATOMIC_ACQ_REL);
	return 0;
}

int role_start(struct role *me)
{
	struct control *ctl = me->ctl;

	ctl->result[me->index].tid = (int32_t)syscall(SYS_gettid);
	if (me->index != 0)
		usage_of(me);
	if (get_ready(me) != 0)
		return -1;
	if (me->index == 0) {
		usage_of(me);
		me->allocs = alloc_calls();
		ctl->result[0].t0 = driver_now();
		control_store(&ctl->go.word, 1);
		return 0;
	}
	me->allocs = alloc_calls();
	if (await_word(me, &ctl->go, 1) != 0)
		return -1;
	ctl->result[me->index].t0 = driver_now();
	return 0;
}

void role_done(struct role *me, uint64_t ops)
{
	struct result *r = &me->ctl->result[me->index];
	struct role before = *me;

	r->t1 = driver_now();
	r->allocs = alloc_calls() - before.allocs;
	usage_of(me);
	r->voluntary = me->voluntary - before.voluntary;
	r->involuntary = me->involuntary - before.involuntary;
	r->faults = me->faults - before.faults;
	r->waited = me->waited - before.waited;
	if (me->fifo > 0)
		realtime_fall(me);
	r->ops = ops;
	control_store(&r->done, 1);
}

void role_lost(struct role *me, uint64_t messages)
{
	me->ctl->result[me->index].lost = messages;
}

void role_evicted(struct role *me, uint64_t times)
{
	me->ctl->result[me->index].evicted = times;
}

void role_value(struct role *me, double value)
{
	me->ctl->value = value;
}
