/* join_proc.h - what the parts of the example share. The story is told in join_proc.c. */
#ifndef JOIN_PROC_H
#define JOIN_PROC_H

#include <stdint.h>
#include <sys/types.h>

#include <weir/base.h>
#include <weir/codec.h>
#include <weir/join.h>
#include <weir/region.h>
#include <weir/session.h>

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

/* The inputs, in the order of the map's rules; input i is stream i + 1. CPU drives the output. */
enum { CPU, MEM, NET, INPUTS };
enum { OUT_STREAM = INPUTS + 1 };

/* The one kind of message of this session: a FrameDescriptor, as weir_codec_encode() writes it,
 * and behind it a struct sample. */
enum { KIND_SAMPLE = 1 };
#define DESCRIPTOR_MAX 64u

/* What a producer has to say. cpu: percent. mem: MiB in use. net: KiB/s received, sent. */
struct sample {
	double value[2];
};

#define KILLS_MAX 16u

struct kill {
	uint32_t input;
	weir_ns after; /* from the start */
};

struct options {
	weir_ns period[INPUTS];
	weir_ns seconds; /* how long it runs; WEIR_NS_NEVER: until it is interrupted */
	weir_ns stale;
	weir_ns lateness;
	weir_ns restart_after; /* WEIR_NS_NEVER: a dead producer stays dead */
	struct kill kill[KILLS_MAX];
	uint32_t n_kills;
	int csv;
};

/* What has come of one input. Frames of one epoch only: a new one begins afresh, as in the join. */
#define HISTORY 4096u

struct frame {
	uint64_t time;
	struct sample sample;
};

struct input {
	struct frame frame[HISTORY]; /* frame n at n % HISTORY */
	uint64_t n;
	uint64_t epoch; /* 0: nothing has come */
	int present;	/* in the last row */
};

/* One output: for its time, the newest frame in each input's window. */
struct row {
	uint64_t time;
	const struct frame *frame[INPUTS]; /* NULL: absent */
	int stale[INPUTS];		   /* and that is why */
	uint64_t skew;			   /* how much older than the row its oldest frame is */
};

struct totals {
	uint64_t rows;
	uint64_t complete;
	uint64_t absent[INPUTS];
	uint64_t dropped; /* outputs that no input could make ready */
	uint64_t skew;	  /* the largest */
};

struct joiner {
	const struct options *opt;
	struct weir_join join;
	void *storage;
	struct input input[INPUTS];
	uint64_t wanted[HISTORY]; /* output times that are not out yet; n at n % HISTORY */
	uint64_t head, tail;	  /* the oldest, and behind the newest */
	uint64_t last;		  /* output time that was wanted */
	weir_ns heard;		  /* of CPU */
	weir_ns began;
	weir_ns next; /* when time alone may change something */
	struct totals total;
};

extern const char *const input_name[INPUTS];

/* proc_options.c: 0, or 2 after having said what is wrong, or -1 when --help was answered */
int parse_options(int argc, char **argv, struct options *opt);

/* proc_source.c: what /proc says. The first look has nothing to compare with: 0 all the same. */
struct source {
	uint32_t input;
	uint64_t busy, total; /* CPU */
	uint64_t rx, tx;      /* NET */
	weir_ns looked;	      /* NET; 0: never */
	struct sample sample; /* the newest */
	char text[1u << 16];  /* of the file */
};
int source_read(struct source *src, weir_ns now); /* 0, or -1 after having said what is wrong */

/* proc_producer.c: what a child does; returns its exit status */
int run_producer(const struct weir_region *region, uint32_t input, uint64_t epoch, weir_ns period);

/* proc_joiner.c. Handlers of the session get the joiner as context. */
int joiner_init(struct joiner *jn, const struct options *opt, weir_ns now);
int joiner_on_sample(void *ctx, struct weir_session *s, const struct weir_session_msg *m);
void joiner_make_rows(struct joiner *jn, weir_ns now);
void joiner_free(struct joiner *jn);

/* proc_report.c */
weir_ns now_ns(void);
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
int complain_weir(const char *doing, int rc, const struct weir_error *err);
void print_header(const struct options *opt);
void print_row(const struct joiner *jn, const struct row *row);
int print_summary(const struct joiner *jn, weir_ns now); /* returns the exit status */

#endif
