/* bench/bench.h - what a bench declares, and the list of them. C and C++. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A handle or a shared word that two CPUs touch gets lines of its own: the library's, a peer's and
 * the harness's alike. Harness false sharing looks like a slow library. */
#define BENCH_LINE 128u
#define BENCH_ALIGNED __attribute__((aligned(BENCH_LINE)))
#define BENCH_INLINE static inline __attribute__((always_inline, unused))
#define BENCH_LIKELY(x) __builtin_expect(!!(x), 1)
#define BENCH_UNLIKELY(x) __builtin_expect(!!(x), 0)

#define BENCH_RING_BYTES (256u * 1024u) /* payload that every queue can hold; both L2s hold it */
#define BENCH_BATCH 32u
#define BENCH_CPUS_MAX 16u
#define BENCH_ARENA_BYTES (8u << 20)
#define BENCH_LATENCY_BYTES (512u << 10) /* behind the arena: see latency.h */

enum bench_flag {
	BENCH_PEER = 1u << 0,    /* not ours: the ratio is taken against the fastest of these */
	BENCH_SHARING = 1u << 1, /* its readers compete for messages: shown, never in a ratio */
	BENCH_LIMIT = 1u << 2,   /* what the machine can do, not what a library does */
	BENCH_PROCS = 1u << 3,   /* roles are processes, not threads */
	BENCH_TIME = 1u << 4,    /* only ns/op says something: no rate */
	BENCH_FREE = 1u << 5,    /* only role 0 counts operations; the others are there to disturb it */
	BENCH_FULL = 1u << 6,    /* not in the quick plan */
	BENCH_LINES = 1u << 7,   /* readers look at every line of the payload, not at its ends alone */
	BENCH_EQUALS = 1u << 8,  /* roles are alike: dealt out over all CPUs, the first one's too */
	BENCH_SPINS = 1u << 9,   /* waits without giving its CPU away: not in the quick plan when roles
				  * share CPUs, since it measures the scheduler's time slice then */
	BENCH_PART = 1u << 10,   /* ours, but only a part of what the peers do: in no ratio to them */
	BENCH_DRAINS = 1u << 11, /* the sample's value is the time of its drains, ns per operation */
	BENCH_LATENCY = 1u << 12, /* its operations are timed one by one: see latency.h */
	BENCH_OPEN = 1u << 13,    /* with BENCH_LATENCY: sent at the rate b->rate, see flow.h */
	BENCH_APART = 1u << 14,   /* the sample's value is its time, ns: there are pauses in between */
	BENCH_LOSSY = 1u << 15,   /* its writer waits for nobody: what is missed is counted, not failed */
	BENCH_THREADS = 1u << 16, /* its memory cannot be shared: no cases between processes */
	BENCH_SMALL = 1u << 17,   /* touches the first page of the arena, no more */
	BENCH_PLAIN = 1u << 18,   /* with BENCH_LIMIT: a plain way of doing it that can be beaten,
				   * so no limit to those that are measured against it */
	BENCH_STAMPS = 1u << 19,  /* with BENCH_LATENCY: each role writes down the time of each
				   * operation, see release.h; with BENCH_SPINS never where roles
				   * share CPUs */
	BENCH_FOREIGN = 1u << 20  /* its roles are started by a launcher of others */
};

/* Which of the two sides is made slower, to see what a queue does at both of its balance points. */
enum bench_skew { BENCH_EVEN = 0, BENCH_SLOW_WRITER = 1, BENCH_SLOW_READER = 2 };

/* How the parties of a barrier wait for each other. */
enum bench_way { BENCH_SPIN = 1, BENCH_YIELD = 2, BENCH_PARK = 4 };

struct bench_sample {
	double ns; /* from the start until the slowest side had finished */
	uint64_t ops;
	uint64_t allocs;    /* heap calls inside the timed part, all roles */
	uint64_t voluntary; /* context switches inside the timed part, all roles */
	uint64_t involuntary;
	uint64_t faults; /* page faults inside the timed part, all roles */
	double waiting;  /* share of the roles' time in which they wanted a CPU and had none */
	double value;    /* what role 0 cares to report */
	uint64_t lost;   /* messages that readers missed and know of, all together */
	uint64_t evicted; /* times that a reader was, all together */
	double calls;    /* system calls inside the timed part, all roles; NaN: not counted */
};

/* What a run needs from the harness: where to run, and memory that all roles share. */
struct bench_env {
	int cpu[BENCH_CPUS_MAX]; /* writer on the first, the others on the rest in turn */
	unsigned cpus;
	uint8_t *arena; /* BENCH_ARENA_BYTES, page-aligned, mapped shared before any fork; then
			 * BENCH_LATENCY_BYTES */
	struct control *ctl;
	int count_calls; /* the next run is for counting system calls, not for its time */
	int fifo;	 /* the priority of roles under SCHED_FIFO; 0: they are not. See realtime.h */
	int locked;	 /* nonzero: their memory is locked */
	char error[160]; /* why the last run failed */
	/* nonzero: the sample at hand is to end soon, within a second or by force; NULL: never */
	const volatile sig_atomic_t *stop;
	const char *relation; /* what the first two CPUs are to each other; NULL: not known */
	int apart;            /* they are in two packages or nodes */
	int named;            /* the user named these CPUs */
	int node;             /* where the arena is; -1: not known */
	int64_t limit_ns;     /* what a run may take; 0: a minute, real-time roles ten seconds */
	/* called during a run by who looks after it, NULL: nothing; returns when it is to be called
	 * again at the latest, see driver_now() */
	int64_t (*beside)(void *arg);
	void *beside_arg;
};

/* Runs body(arg, 0) .. body(arg, roles - 1), each on a thread of its own, body(arg, 0) on the
 * caller's, and returns when all have. For peers whose threads must be made by themselves. */
typedef void (*bench_team)(unsigned roles, void (*body)(void *arg, unsigned i), void *arg);

struct bench {
	const char *group; /* one table each */
	const char *who;   /* "weir", or the peer's name */
	const char *unit;  /* what one operation is */
	char name[64];     /* rows of one group with equal names are compared with each other */
	/* what this row is measured against as well: "group/name/who" of another, or "group/name"
	 * for the fastest of them, or "" */
	char ref[96];
	/* what is taken off this row's time, round by round, to see what is left: full names, or "" */
	char less[2][96];
	uint32_t flags;
	uint32_t size;    /* payload bytes of a message; 0: none */
	uint32_t batch;   /* messages per commit, push or pop */
	uint32_t burst;   /* messages per operation, if it is not one: group "fence", of a member */
	uint32_t evicts;  /* nonzero: its writer evicts readers that are in its way, and counts them */
	uint32_t readers; /* roles besides the first */
	uint64_t rate;    /* with BENCH_OPEN: messages per second; 0: as fast as they go */
	uint64_t late_ns;   /* with BENCH_STAMPS: how late one party is; 0: none is */
	enum bench_skew skew;
	enum bench_way way; /* groups "rendezvous", "release" and "fence" */
	bench_team team;    /* NULL: the harness makes the threads */
	/* Performs n operations, fills *out and returns the nanoseconds it took; negative when the
	 * bench failed, env->error says why. A run that lost a message has failed. */
	double (*run)(struct bench_env *env, const struct bench *b, uint64_t n,
		      struct bench_sample *out);
};

/* The time of a sample that took ns: without the pauses of a row that has them. */
BENCH_INLINE double bench_ns_of(const struct bench *b, double ns, const struct bench_sample *s)
{
	return b->flags & BENCH_APART ? s->value : ns;
}

/* Copies *b into the list. Not from a hot path. */
void bench_add(const struct bench *b);
size_t bench_count(void);
const struct bench *bench_at(size_t i);
void bench_mark_all(uint32_t flags); /* adds flags to every bench of the list */
/* Roles that spin where they share a CPU measure the scheduler's time slice. */
int bench_spins_in_vain(const struct bench *b, unsigned cpus);
/* Is it in the quick plan of a machine with that many CPUs? */
int bench_is_quick(const struct bench *b, unsigned cpus);
/* Of those, the rows that no plan has. */
int bench_stamps_in_vain(const struct bench *b, unsigned cpus);

/* Does a filter, text alternatives separated by commas, match a full name? NULL matches all. */
int bench_matches(const char *filter, const char *name);

/* Writes "group/name/who", the full name of a bench. */
void bench_full_name(const struct bench *b, char *buf, size_t cap);

/* Messages per second of the rows that bench_add_rate_cases() adds from now on. */
#define BENCH_RATE 1000000u
#define BENCH_RATE_LEAST 1000u /* a sample of some messages must end before it counts as hung */
#define BENCH_RATE_MOST 100000000u
void bench_set_rate(uint64_t per_second);
uint64_t bench_rate(void);

/* Each adds its benches. Those of peers exist when configure found the peer. */
void bench_add_limits(void);
void bench_add_ring(void);
void bench_add_block(void);
void bench_add_lossy(void);
void bench_add_evict(void);
void bench_add_roundtrip(void);
void bench_add_trip(void);
void bench_add_latency(void);
void bench_add_progress(void);
void bench_add_drain(void);
void bench_add_barrier(void);
void bench_add_join(void);
void bench_add_codec(void);
void bench_add_quorum(void);
void bench_add_rendezvous(void);
void bench_add_region(void);
void bench_add_fence(void);
void bench_add_session(void);
void bench_add_wakeup(void);
void bench_add_wakeup_kernel(void);
void bench_add_peers(void); /* all of these */
void bench_add_ack_barrier(void);
void bench_add_slots(void);
void bench_add_ck_ring(void);
void bench_add_ck_sequence(void);
void bench_add_ck_barrier(void);
void bench_add_pthread_barrier(void);
void bench_add_std_barrier(void);
void bench_add_openmp(void);
void bench_add_mpi(void);
void bench_add_boost(void);
void bench_add_rte(void);
void bench_add_rte_seqcount(void);
void bench_add_readerwriterqueue(void);
void bench_add_concurrentqueue(void);
void bench_add_atomic_queue(void);
void bench_add_wfcqueue(void);
void bench_add_pipe(void);
void bench_add_unix_socket(void);
void bench_add_posix_mq(void);
void bench_add_eventfd(void);

/* The ring matrix, so that every transport is run in the same cases. */
struct bench_ring_case {
	uint32_t size, batch, readers, flags;
	enum bench_skew skew;
};
/* Adds one row of group "ring" per case for which wants() is nonzero; BENCH_WANTS_FULL: not in the
 * quick plan. */
#define BENCH_WANTS_FULL 2
void bench_add_ring_cases(const char *who, uint32_t flags,
			  int (*wants)(const struct bench_ring_case *c),
			  double (*run)(struct bench_env *, const struct bench *, uint64_t,
					struct bench_sample *));
/* What wants() says for rows that consume otherwise than their writer produces: one reader, single
 * commits; in the quick plan on threads at 64 B. */
int bench_ring_consumer_case(const struct bench_ring_case *c);
/* Adds rows of group "ring" whose writer waits for nobody. batched: commits after 32 as well. */
void bench_add_lossy_cases(const char *who, uint32_t flags, int batched,
			   double (*run)(struct bench_env *, const struct bench *, uint64_t,
					 struct bench_sample *));
/* Adds the rows of group "roundtrip", threads and processes. */
void bench_add_roundtrip_cases(const char *who, uint32_t flags,
			       double (*run)(struct bench_env *, const struct bench *, uint64_t,
					     struct bench_sample *));

/* Adds rows of group "latency". A closed loop of round trips, threads and processes: role 0 records
 * each one (latency_begin(), latency_end(); loop_trip() does). An open loop, one way to so many
 * readers: the loops of flow.h; those with one reader are in the load study as well. */
void bench_add_latency_cases(const char *who, uint32_t flags,
			     double (*run)(struct bench_env *, const struct bench *, uint64_t,
					   struct bench_sample *));
/* And, on threads, those of requests of BENCH_BATCH messages, and of one: published together where the
 * transport can do that, to so many readers, each of which answers by one message when it has handled
 * the last; an operation is over with the last answer. */
void bench_add_trip_cases(const char *who, uint32_t flags, uint32_t batch, uint32_t readers,
			  double (*run)(struct bench_env *, const struct bench *, uint64_t,
					struct bench_sample *));
void bench_add_rate_cases(const char *who, uint32_t flags, uint32_t readers,
			  double (*run)(struct bench_env *, const struct bench *, uint64_t,
					struct bench_sample *));

/* Adds the rows of group "progress". Their run() is bench_run_progress() with its roles: one that
 * publishes n times, one that reads n times, one that publishes until told to stop. */
void bench_add_progress_cases(const char *who, uint32_t flags,
			      double (*run)(struct bench_env *, const struct bench *, uint64_t,
					    struct bench_sample *));

/* A barrier, and where it can be run. */
struct bench_meeter {
	const char *who;
	uint32_t flags; /* with BENCH_PROCS: between processes only */
	uint32_t ways; /* enum bench_way, those it waits in */
	int processes; /* nonzero: between processes too; BENCH_WANTS_FULL: not in the quick plan */
	bench_team team;
	double (*run)(struct bench_env *, const struct bench *, uint64_t, struct bench_sample *);
	uint32_t spin_parties; /* nonzero: no more than so many where it spins */
};
/* Adds its rows of group "rendezvous": 2, 4, 8, 16 parties, threads and processes. */
void bench_add_meet_cases(const struct bench_meeter *m);

/* Adds its rows of group "release": how far apart its parties leave it, and how soon after one that was
 * late. Its roles go through meet_loop(). */
void bench_add_release_cases(const struct bench_meeter *m);

/* Adds rows of group "fence": what `who` does per generation, in bursts of 0, 1, 16 and 1024 where
 * it has something to send. Its flags, and enum bench_way: those it waits in. */
void bench_add_fence_cases(const char *who, uint32_t flags, uint32_t ways,
			   double (*run)(struct bench_env *, const struct bench *, uint64_t,
					 struct bench_sample *));

#ifdef __cplusplus
}
#endif
#endif
