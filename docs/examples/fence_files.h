/* fence_files.h - what the processes of the example share. The story is told in fence_files.c. */
#ifndef FENCE_FILES_H
#define FENCE_FILES_H

#include <stdint.h>
#include <sys/types.h>

#include <weir/base.h>
#include <weir/region.h>
#include <weir/session.h>
#include <weir/wait.h>

#define MAX_FILES 1000u /* members, of the 1024 that a session may have */
#define BARRIER "chunk"

struct options {
	uint64_t chunk;     /* lines between two checks */
	uint64_t ring;      /* bytes in each process's ring */
	uint64_t slow_us;   /* the collector takes so much longer for each message */
	uint64_t timeout_s; /* a collector that does not move for so long is stuck */
	int fence;
	int quiet;
};

/* A message is a line with its newline, or a piece of a line that is longer than a message may be:
 * PART, PART ... LINE. So the lines are the LINE messages, and the payloads in their order are the
 * bytes of the file. */
enum { KIND_LINE = 1, KIND_PART = 2 };

static inline uint32_t largest_message(const struct options *opt)
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

/* How a sender ended: this, or a negative errno value. */
enum { RUNNING = 0, DONE = 1 };

/* One per file, in shared memory. Two halves with one writer each, far enough apart that the two do
 * not fight for a cache line. */
struct tally_shm {
	struct sums handled; /* the collector's */
	uint64_t pad0[12];
	struct sums sent; /* the sender's, from here on */
	uint64_t end;
	uint64_t checks;
	uint64_t disagreed;
	uint64_t largest_backlog;
	uint64_t ns; /* from open to the last check */
	uint64_t pad1[7];
} WEIR_ALIGNED(WEIR_LINE);
WEIR_ASSERT_LAYOUT(sizeof(struct tally_shm) == 2u * WEIR_LINE);

/* One per run, in shared memory. */
struct control_shm {
	struct weir_bell_shm created; /* rung by the collector, once */
	uint32_t ready;                /* the collector's: 1, the session is there */
	uint32_t beats;                /* the collector's: rises as long as it runs */
	uint32_t pad0[30];
	uint32_t ended; /* the parent's: senders that are gone */
	uint32_t pad1[31];
} WEIR_ALIGNED(WEIR_LINE);

/* One file on its way. Its sender has slot i + 1 of the session. */
struct stream {
	const char *path;
	struct tally_shm *tally;
	pid_t pid; /* of the sender; 0: not running */
	int killed;
};

struct job {
	struct options opt;
	struct weir_region board;   /* control and tallies: this program's own shared memory */
	struct weir_region session; /* as the parent and the senders have it mapped */
	char name[WEIR_REGION_NAME_MAX + 1u]; /* of the session, while it has one */
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
int run_sender(const struct job *job, uint32_t i);
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
int complain_weir(const char *doing, const struct weir_error *err);
int print_report(const struct job *job); /* returns the exit status of the program */

#endif
