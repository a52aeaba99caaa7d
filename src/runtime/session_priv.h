/* What the files of a session share: its layout in the region, and the handle. */
#ifndef WEIR_SESSION_PRIV_H
#define WEIR_SESSION_PRIV_H

#include <weir/atomic.h>
#include <weir/drain.h>
#include <weir/session.h>
#include <weir/watch.h>

#define SESSION_MAGIC UINT64_C(0x31535345534e5257) /* "WRNSESS1" */
#define SET_WORDS (WEIR_GROUP_MAX / 64u)

/* ---- in the region ---- */

/* In the flags of a member, beside WEIR_SESSION_*: it holds the region's lock in its own name. */
#define MEMBER_LOCKED (1u << 31)

enum { REQUEST_NONE = 0, REQUEST_JOIN = 1, REQUEST_LEAVE = 2 };

struct weir_session_member_shm {
	/* the member's, but for `owner` when it is given back */
	uint64_t owner;   /* SESSION.CLAIM: weir_owner; 0: free */
	uint64_t request; /* SESSION.REQUEST */
	uint32_t flags;
	uint32_t waiting;   /* 1 + barrier */
	uint64_t wake_name; /* SESSION.FD: of a socket to send a byte to when the bell is rung */
	uint64_t member_reserved[12];
	/* the coordinator's */
	uint64_t epoch; /* 0: not counted */
	uint64_t coordinator_reserved[15];
	struct weir_bell_shm bell; /* rung by whoever publishes something for this member */
} WEIR_ALIGNED(WEIR_LINE);
WEIR_ASSERT_LAYOUT(sizeof(struct weir_session_member_shm) == 3u * WEIR_LINE);

struct weir_session_shm {
	/* constant */
	uint64_t magic;
	uint32_t members;
	uint32_t barriers;
	uint64_t ring_capacity;
	uint64_t liveness_ns;
	uint64_t targets;
	uint64_t coordinator;
	uint64_t reserved[10];
	/* the coordinator's, written often */
	uint64_t stamp;
	uint64_t stamp_reserved[15];
	/* looked at in every poll or send, written when members come and go */
	uint32_t high; /* 1 + the highest slot ever used */
	uint32_t active;
	uint32_t closed;
	uint32_t rare_reserved[29];
	uint64_t listeners[SET_WORDS]; /* members that read: whose bell a sender rings */
	/* from the members to the coordinator */
	uint64_t requests[SET_WORDS]; /* members with a request */
	uint64_t dirty;               /* barriers with arrivals */
	uint64_t dirty_reserved[15];
	/* struct weir_session_member_shm[members] */
} WEIR_ALIGNED(WEIR_LINE);
WEIR_ASSERT_LAYOUT(sizeof(struct weir_session_shm) == 6u * WEIR_LINE);

/* One member's part in one barrier. */
struct weir_session_arrival_shm {
	/* the member's */
	uint64_t count;      /* SESSION.ARRIVE: of its arrivals */
	uint64_t cancel;     /* the count of the arrival it wants cancelled */
	uint64_t generation; /* 0: it does not know */
	uint64_t cut;
	uint64_t deadline;
	uint32_t mode;
	uint32_t policy;
	uint64_t member_reserved[10];
	/* the coordinator's */
	uint64_t replied; /* SESSION.REPLY: the count it answers */
	uint64_t ended;   /* the generation it belonged to; 0: none */
	uint64_t next;    /* the first generation this member can be in */
	uint64_t code;    /* as an int64_t */
	uint64_t coordinator_reserved[12];
} WEIR_ALIGNED(WEIR_LINE);
WEIR_ASSERT_LAYOUT(sizeof(struct weir_session_arrival_shm) == 2u * WEIR_LINE);

struct weir_session_barrier_shm {
	uint64_t id; /* digest of the name; 0: free */
	uint64_t name[WEIR_SESSION_BARRIER_NAME / 8u];
	uint32_t named; /* 1: the name is written */
	uint32_t name_reserved;
	uint64_t id_reserved[10];
	uint64_t arrived[SET_WORDS]; /* members with an arrival, or a cancel, to be looked at */
	uint64_t version;            /* SESSION.VIEW */
	uint64_t version_reserved[15];
	uint64_t view[sizeof(struct weir_watch_barrier) / 8u];
	uint64_t view_reserved[(WEIR_LINE - sizeof(struct weir_watch_barrier) % WEIR_LINE) / 8u];
	uint64_t result_version; /* SESSION.VIEW: written at releases alone */
	uint64_t result[sizeof(struct weir_barrier_result) / 8u];
	uint64_t result_reserved[(2u * WEIR_LINE - 8u -
				  sizeof(struct weir_barrier_result) % WEIR_LINE) / 8u];
	/* struct weir_session_arrival_shm[members], at the next line */
} WEIR_ALIGNED(WEIR_LINE);

static inline size_t session_bytes(uint32_t members)
{
	return sizeof(struct weir_session_shm) + members * sizeof(struct weir_session_member_shm);
}

static inline size_t barrier_bytes(uint32_t members)
{
	return sizeof(struct weir_session_barrier_shm) +
	       members * sizeof(struct weir_session_arrival_shm);
}

/* ---- the handle ---- */

struct handler {
	weir_session_handler fn;      /* NULL: `run`, or nobody */
	weir_session_run_handler run; /* NULL too: nobody */
	void *ctx;
};

struct post {
	weir_session_post fn;
	void *ctx;
	int user; /* the application's, not the session's own */
};

/* A member's own side of a barrier. */
struct mine {
	uint64_t count;      /* of its arrivals */
	uint64_t generation; /* the next it expects; 0: not known */
	uint64_t last;       /* it was released from; 0: none */
	uint32_t under_way;
	uint32_t reserved;
};

/* What a reader had lost, and in which epoch. */
struct loss {
	uint64_t epoch;
	uint64_t messages;
};

/* The coordinator's. */
struct charge {
	struct weir_barrier b;
	struct weir_drain drain;
	struct weir_drain_stats drained; /* of all generations */
	weir_pos *cut;
	uint64_t *fed; /* by member: the arrival last given to the machine */
	struct weir_drain_target *target;
	struct loss *lost; /* by target, when the last fence opened */
	struct charge *next; /* of those that drain */
	struct weir_group_set held;  /* arrivals for the next generation */
	struct weir_group_set lossy; /* sinks that have lost records since the last fence */
	uint64_t polled;             /* the poll in which the drain set was looked at */
	struct weir_session *s;
	uint32_t id;
	uint32_t draining;
	uint32_t queued;  /* its continuation is in the queue */
	uint32_t changed; /* since the view was published */
	uint32_t ended;   /* a generation, since the held ones were looked at */
	uint32_t n_behind; /* when the last generation ended */
	struct weir_watch_behind behind[WEIR_WATCH_BEHIND];
};

struct weir_session {
	uint64_t magic;
	const struct weir_region *region;
	struct weir_session_shm *shm;
	uint8_t *barriers;
	struct weir_progress *table;     /* of every member's ring */
	struct weir_ring_reader *reader; /* by member; .shm NULL: not read */
	struct handler *handler;
	struct handler other;
	struct post *post; /* a queue */
	struct mine *mine;
	const struct weir_env *env;
	weir_owner owner;
	weir_owner coordinator;
	weir_ns liveness_ns;
	weir_ns next_liveness;
	weir_ns now; /* of the poll under way */
	uint64_t targets;
	uint32_t members; /* slots */
	uint32_t n_barriers;
	uint32_t slot;
	uint32_t flags;
	uint32_t kinds;
	uint32_t batch;
	uint32_t policy;
	uint32_t busy; /* inside a poll */
	uint32_t orphan; /* the coordinator is gone */
	uint32_t post_cap; /* including one for each barrier */
	uint32_t post_head;
	uint32_t post_n;
	uint32_t post_user; /* of these, the application's */
	uint32_t rehandled; /* a handler was set anew */
	uint32_t did; /* something, in this poll */
	uint32_t changed; /* some barrier has */
	uint32_t serving; /* all readers have said so */
	uint32_t enough;  /* end this poll: something was decided */
	uint32_t first;   /* ring whose turn comes first in the next one */
	int32_t registered;
	uint32_t seen_active; /* members counted, when it armed last */
	int32_t fd; /* 1 + a socket that others wake this member by; 0: none */
	struct weir_session_stats stats;
	/* the coordinator's */
	struct weir_group group;
	struct weir_member *member;
	struct weir_group_set quiet; /* members that read nothing, as they said when they came */
	struct charge *charge;
	struct charge *draining; /* a list */
	uint32_t next_look; /* slot to be looked at for deaths */
	uint32_t look_reserved;
	weir_ns next_deadline;
	/* mappings that are ours to close */
	struct weir_region *own_region; /* before the handle: a forked child may still look at it */
	void *mapping;                  /* NULL: the caller's storage */
	size_t mapping_len;
	struct weir_ring_writer writer;
};

static inline int is_coordinator(const struct weir_session *s)
{
	return s->slot == WEIR_SESSION_COORDINATOR;
}

static inline struct weir_session_member_shm *member_of(const struct weir_session *s, uint32_t m)
{
	return WEIR_PTR(struct weir_session_member_shm, s->shm + 1) + m;
}

static inline struct weir_session_barrier_shm *barrier_of(const struct weir_session *s, uint32_t id)
{
	return WEIR_PTR(struct weir_session_barrier_shm,
			s->barriers + id * barrier_bytes(s->members));
}

static inline struct weir_session_arrival_shm *arrival_of(const struct weir_session *s, uint32_t id,
							  uint32_t m)
{
	return WEIR_PTR(struct weir_session_arrival_shm, barrier_of(s, id) + 1) + m;
}

/* session_fd.c: wakes it on its futex, and through its socket if it has one */
void weir_session_wake(const struct weir_session *s, uint32_t m);
void weir_session_close_fd(struct weir_session *s);

/* As weir_bell_ring(): one load with nobody asleep. */
static inline void ring_bell_of(const struct weir_session *s, uint32_t m)
{
	/* BELL.DEKKER publish side, as there */
	if (!s->registered)
		weir_fence_full();
	if (weir_bell_asked(&member_of(s, m)->bell))
		weir_session_wake(s, m);
}

/* Slots ever used, as far as they exist. */
static inline uint32_t used_slots(const struct weir_session *s)
{
	/* relaxed: a hint; who attaches while we look is served next time */
	uint32_t high = weir_load_relaxed32(&s->shm->high);

	return high < s->members ? high : s->members;
}

/* What a region says of its session: each word read once, and checked. */
struct geometry {
	struct weir_session_shm *shm;
	uint8_t *barriers;
	uint64_t targets;
	uint64_t ring_capacity;
	weir_ns liveness_ns;
	weir_owner coordinator;
	uint32_t members;
	uint32_t n_barriers;
};

/* Are there arrivals for this coordinator? Relaxed: looked at again in the next poll, and the bell is
 * rung after it is set. */
static inline int weir_session_called(const struct weir_session *s)
{
	return is_coordinator(s) && weir_load_relaxed64(&s->shm->dirty) != 0;
}

/* session_setup.c */
int weir_session_bind(const struct weir_region *region, struct geometry *g, struct weir_error *err);
int weir_session_part(const struct weir_region *region, enum weir_kind kind, const char *what,
		      uint32_t i, struct weir_span *obj);

/* A ring's turn. */
struct feed {
	struct weir_session *s;
	struct weir_ring_reader *r;
	uint32_t taken;		   /* records so far */
	uint32_t stopped;	   /* by a handler */
	struct weir_session_msg m; /* what they have in common is filled in once */
};

/* session_serve.c: a batch: up to `max` records to their handlers, and the progress published. As
 * weir_ring_dispatch(); nonzero f->stopped: a handler has had enough. */
int weir_session_take(struct feed *f, uint32_t max, uint32_t *handled);

/* session_poll.c: queues a continuation of the session's own; there is always room */
void weir_session_continue(struct weir_session *s, weir_session_post fn, void *ctx);
int weir_session_is_dead(const struct weir_session *s, uint32_t m, weir_owner who);
/* From now on this member's readers count as serving. */
void weir_session_serve(struct weir_session *s);
/* Serves until done() says something else than WEIR_PENDING. */
int weir_session_block(struct weir_session *s, int (*done)(struct weir_session *s, void *arg),
		       void *arg, const struct weir_wait *how);

/* session_coordinator.c */
void weir_session_coordinate(struct weir_session *s);
void weir_session_serve_arrivals(struct weir_session *s);
void weir_session_settle(struct weir_session *s); /* views and deadlines, after changes */
void weir_session_admit(struct weir_session *s, uint32_t m);
void weir_session_hear(struct weir_session *s, uint32_t m); /* its request, if it has one */
int weir_session_init_charges(struct weir_session *s);

/* session_fence.c: what becomes of one barrier when ... */
void weir_session_feed(struct charge *c, uint32_t m);      /* m has arrived, or wants to cancel */
void weir_session_feed_held(struct charge *c);             /* a generation may have ended */
void weir_session_tick(struct charge *c);                  /* time has passed */
void weir_session_depart(struct charge *c, uint32_t m, weir_owner dead); /* m leaves, or died */
void weir_session_step(struct charge *c, const struct weir_barrier_event *e);

/* session_drain.c: what its fence waits for */
int weir_session_takes_part(const struct charge *c, uint32_t m);
void weir_session_record_targets(struct charge *c);
void weir_session_stop_draining(struct charge *c);
void weir_session_note_behind(struct charge *c);
int weir_session_reaches_cut(const struct weir_session *s, uint32_t ring, weir_pos at, weir_pos end);
uint32_t weir_session_up_to_cut(const struct weir_session *s, uint32_t ring, weir_pos at,
				uint64_t stride, uint32_t n);

/* session_view.c */
void weir_session_publish_view(struct charge *c);
void weir_session_publish_result(struct charge *c);
int weir_session_read_result(const struct weir_session_barrier_shm *b,
			     struct weir_barrier_result *out);
int weir_session_read_view(const struct weir_session_barrier_shm *b,
			   struct weir_watch_barrier *out);

#endif
