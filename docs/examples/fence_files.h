/* fence_files.h - what the processes of the example share. The story is told in fence_files.c. */
#ifndef FENCE_FILES_H
#define FENCE_FILES_H

#include <stdint.h>
#include <sys/types.h>

#include <weir/base.h>
#include <weir/region.h>
#include <weir/ring.h>
#include <weir/wait.h>

#define MAX_FILES 1000u /* three objects each, of the 4096 that a region may have */

struct options {
	uint64_t chunk;     /* lines between two checks */
	uint64_t ring;      /* bytes in each sender's ring */
	uint64_t slow_us;   /* the collector takes so much longer for each record */
	uint64_t timeout_s; /* a collector that does not move for so long is stuck */
	int drain;
	int quiet;
};

/* A record is a line with its newline, or a piece of a line that is longer than a record may be:
 * PART, PART ... LINE. So the lines are the LINE records, and the payloads in their order are the
 * bytes of the file. */
enum { KIND_LINE = 1, KIND_PART = 2 };

static inline uint32_t largest_record(const struct options *opt)
{
	return (uint32_t)(opt->ring / 8u - WEIR_RING_HEADER);
}

/* The running count and checksum. Each side has its own, made from the bytes it has seen itself. */
struct sums {
	uint64_t lines;
	uint64_t parts;
	uint64_t bytes;
	uint64_t crc; /* CRC-32 of all bytes so far, as in gzip and zip */
};

/* How it ended, as each side sees it; 0: not yet. The sender adds negative errno values. */
enum { RUNNING = 0, DONE = 1, SENDER_DIED = 2, FAILED = 3 };

/* One per file, in the region. Two halves with one writer each, far enough apart that the two do
 * not fight for a cache line. */
struct tally_shm {
	struct sums handled; /* the collector's */
	uint64_t collector_end;
	uint64_t pad0[11];
	struct sums sent; /* the sender's, from here on */
	uint64_t sender_end;
	uint64_t checks;
	uint64_t disagreed;
	uint64_t largest_backlog;
	uint64_t ns; /* from open to the last check */
	uint64_t pad1[7];
} WEIR_ALIGNED(WEIR_LINE);
WEIR_ASSERT_LAYOUT(sizeof(struct tally_shm) == 2u * WEIR_LINE);

/* One per run, in the region. */
struct control_shm {
	struct weir_bell_shm work;   /* rung by the senders: something is in some ring */
	struct weir_bell_shm joined; /* rung by the collector, once */
	uint32_t ready;               /* 1: it has joined all rings */
	uint32_t pad[31];
} WEIR_ALIGNED(WEIR_LINE);

/* One file on its way. The spans point into the region, which all processes inherit at the same
 * address; the rest is the parent's. */
struct stream {
	const char *path;
	struct weir_span ring;
	struct weir_span table;
	struct tally_shm *tally;
	pid_t pid; /* of the sender; 0: not running */
	int killed;
};

struct job {
	struct options opt;
	struct weir_region region;
	struct control_shm *control;
	struct stream *stream;
	uint32_t n;
	uint32_t ended; /* senders */
	pid_t collector;
	int collector_ok;
	weir_ns began;
	weir_ns took;
};

/* fence_options.c: 0, or 2 after having said what is wrong, or -1 when --help was answered */
int parse_options(int argc, char **argv, struct options *opt);

/* fence_sender.c, fence_collector.c: what a child does; returns its exit status */
int run_sender(const struct job *job, const struct stream *st);
int run_collector(const struct job *job);

/* fence_sums.c */
void sums_init(void);
void sums_add(struct sums *s, const uint8_t *p, uint32_t len, uint32_t kind);
int sums_equal(const struct sums *a, const struct sums *b);
void sums_publish(struct sums *shm, const struct sums *s);
struct sums sums_look(const struct sums *shm);

/* fence_report.c */
weir_ns now_ns(void);
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
void show_progress(const struct job *job, int last);
int print_report(const struct job *job); /* returns the exit status of the program */

#endif
