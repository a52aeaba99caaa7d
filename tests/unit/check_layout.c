/* The shared layout, field by field. Two processes built at different times meet in these bytes, so
 * a change here is a change of the protocol: see HACKING.md on WEIR_LAYOUT_MAJOR.
 *
 *	check_layout            compares the tables below with $top_srcdir/tests/layout.txt
 *	check_layout --print    prints them (make update-layout)
 *
 * Shared structs have no implicit padding: the fields cover the struct without a gap, which also
 * shows that none is forgotten here. A new struct needs its lines below and nothing else. */
#include <weir/join_cell.h>
#include <weir/progress.h>
#include <weir/region.h>
#include <weir/rendezvous.h>
#include <weir/ring.h>
#include <weir/wait.h>

#include "../../src/runtime/session_priv.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
	const char *type;
	const char *field; /* NULL: the struct itself */
	size_t offset;
	size_t size;
};

#define STRUCT(s) {#s, NULL, _Alignof(struct s), sizeof(struct s)}
#define FIELD(s, f) {#s, #f, offsetof(struct s, f), sizeof(((struct s *)0)->f)}

static const struct row layout[] = {
	STRUCT(weir_bell_shm),
	FIELD(weir_bell_shm, seq),
	FIELD(weir_bell_shm, waiting),
	FIELD(weir_bell_shm, reserved),

	STRUCT(weir_region_field_shm),
	FIELD(weir_region_field_shm, name),
	FIELD(weir_region_field_shm, offset),
	FIELD(weir_region_field_shm, bytes),
	FIELD(weir_region_field_shm, stride),
	FIELD(weir_region_field_shm, count),

	STRUCT(weir_region_shm),
	FIELD(weir_region_shm, magic),
	FIELD(weir_region_shm, byte_order),
	FIELD(weir_region_shm, layout_major),
	FIELD(weir_region_shm, state),
	FIELD(weir_region_shm, total_bytes),
	FIELD(weir_region_shm, layout_minor),
	FIELD(weir_region_shm, header_bytes),
	FIELD(weir_region_shm, line_bytes),
	FIELD(weir_region_shm, word_bytes),
	FIELD(weir_region_shm, dir_off),
	FIELD(weir_region_shm, dir_max),
	FIELD(weir_region_shm, dir_stride),
	FIELD(weir_region_shm, dir_count),
	FIELD(weir_region_shm, payload_off),
	FIELD(weir_region_shm, payload_end),
	FIELD(weir_region_shm, incarnation),
	FIELD(weir_region_shm, boot),
	FIELD(weir_region_shm, creator),
	FIELD(weir_region_shm, fingerprint),
	FIELD(weir_region_shm, field_count),
	FIELD(weir_region_shm, field_stride),
	FIELD(weir_region_shm, field),

	STRUCT(weir_region_entry_shm),
	FIELD(weir_region_entry_shm, name),
	FIELD(weir_region_entry_shm, kind),
	FIELD(weir_region_entry_shm, reserved0),
	FIELD(weir_region_entry_shm, offset),
	FIELD(weir_region_entry_shm, bytes),
	FIELD(weir_region_entry_shm, reserved1),

	STRUCT(weir_rendezvous_shm),
	FIELD(weir_rendezvous_shm, magic),
	FIELD(weir_rendezvous_shm, parties),
	FIELD(weir_rendezvous_shm, reserved),
	FIELD(weir_rendezvous_shm, arrived),
	FIELD(weir_rendezvous_shm, arrived_reserved),
	FIELD(weir_rendezvous_shm, bell),

	STRUCT(weir_session_shm),
	FIELD(weir_session_shm, magic),
	FIELD(weir_session_shm, members),
	FIELD(weir_session_shm, barriers),
	FIELD(weir_session_shm, ring_capacity),
	FIELD(weir_session_shm, liveness_ns),
	FIELD(weir_session_shm, targets),
	FIELD(weir_session_shm, coordinator),
	FIELD(weir_session_shm, reserved),
	FIELD(weir_session_shm, stamp),
	FIELD(weir_session_shm, stamp_reserved),
	FIELD(weir_session_shm, high),
	FIELD(weir_session_shm, active),
	FIELD(weir_session_shm, closed),
	FIELD(weir_session_shm, rare_reserved),
	FIELD(weir_session_shm, listeners),
	FIELD(weir_session_shm, requests),
	FIELD(weir_session_shm, dirty),
	FIELD(weir_session_shm, dirty_reserved),

	STRUCT(weir_session_member_shm),
	FIELD(weir_session_member_shm, owner),
	FIELD(weir_session_member_shm, request),
	FIELD(weir_session_member_shm, flags),
	FIELD(weir_session_member_shm, waiting),
	FIELD(weir_session_member_shm, wake_name),
	FIELD(weir_session_member_shm, member_reserved),
	FIELD(weir_session_member_shm, epoch),
	FIELD(weir_session_member_shm, coordinator_reserved),
	FIELD(weir_session_member_shm, bell),

	STRUCT(weir_session_barrier_shm),
	FIELD(weir_session_barrier_shm, id),
	FIELD(weir_session_barrier_shm, name),
	FIELD(weir_session_barrier_shm, named),
	FIELD(weir_session_barrier_shm, name_reserved),
	FIELD(weir_session_barrier_shm, id_reserved),
	FIELD(weir_session_barrier_shm, arrived),
	FIELD(weir_session_barrier_shm, version),
	FIELD(weir_session_barrier_shm, version_reserved),
	FIELD(weir_session_barrier_shm, view),
	FIELD(weir_session_barrier_shm, view_reserved),
	FIELD(weir_session_barrier_shm, result_version),
	FIELD(weir_session_barrier_shm, result),
	FIELD(weir_session_barrier_shm, result_reserved),

	STRUCT(weir_session_arrival_shm),
	FIELD(weir_session_arrival_shm, count),
	FIELD(weir_session_arrival_shm, cancel),
	FIELD(weir_session_arrival_shm, generation),
	FIELD(weir_session_arrival_shm, cut),
	FIELD(weir_session_arrival_shm, deadline),
	FIELD(weir_session_arrival_shm, mode),
	FIELD(weir_session_arrival_shm, policy),
	FIELD(weir_session_arrival_shm, member_reserved),
	FIELD(weir_session_arrival_shm, replied),
	FIELD(weir_session_arrival_shm, ended),
	FIELD(weir_session_arrival_shm, next),
	FIELD(weir_session_arrival_shm, code),
	FIELD(weir_session_arrival_shm, coordinator_reserved),

	STRUCT(weir_watch_barrier), /* what the view holds */
	FIELD(weir_watch_barrier, generation),
	FIELD(weir_watch_barrier, state),
	FIELD(weir_watch_barrier, mode),
	FIELD(weir_watch_barrier, policy),
	FIELD(weir_watch_barrier, members),
	FIELD(weir_watch_barrier, since),
	FIELD(weir_watch_barrier, opened),
	FIELD(weir_watch_barrier, deadline),
	FIELD(weir_watch_barrier, frozen),
	FIELD(weir_watch_barrier, arrived),
	FIELD(weir_watch_barrier, missing),
	FIELD(weir_watch_barrier, result),
	FIELD(weir_watch_barrier, stats),
	FIELD(weir_watch_barrier, drain),
	FIELD(weir_watch_barrier, n_behind),
	FIELD(weir_watch_barrier, behind),

	STRUCT(weir_progress_slot_shm),
	FIELD(weir_progress_slot_shm, version),
	FIELD(weir_progress_slot_shm, delivered),
	FIELD(weir_progress_slot_shm, observed),
	FIELD(weir_progress_slot_shm, sequence),
	FIELD(weir_progress_slot_shm, lost_bytes),
	FIELD(weir_progress_slot_shm, lost_messages),
	FIELD(weir_progress_slot_shm, stamp),
	FIELD(weir_progress_slot_shm, epoch_state),
	FIELD(weir_progress_slot_shm, hot_reserved),
	FIELD(weir_progress_slot_shm, owner),
	FIELD(weir_progress_slot_shm, join),
	FIELD(weir_progress_slot_shm, join_sequence),
	FIELD(weir_progress_slot_shm, evicted),
	FIELD(weir_progress_slot_shm, readmitted),
	FIELD(weir_progress_slot_shm, cold_reserved),

	STRUCT(weir_progress_shm),
	FIELD(weir_progress_shm, magic),
	FIELD(weir_progress_shm, slots),
	FIELD(weir_progress_shm, slot_bytes),
	FIELD(weir_progress_shm, reserved),
	FIELD(weir_progress_shm, high),
	FIELD(weir_progress_shm, high_reserved),
	FIELD(weir_progress_shm, bell),

	STRUCT(weir_ring_mark_shm),
	FIELD(weir_ring_mark_shm, pos),
	FIELD(weir_ring_mark_shm, seq),

	STRUCT(weir_ring_shm),
	FIELD(weir_ring_shm, magic),
	FIELD(weir_ring_shm, capacity),
	FIELD(weir_ring_shm, origin),
	FIELD(weir_ring_shm, chunk_shift),
	FIELD(weir_ring_shm, data_off),
	FIELD(weir_ring_shm, reserved),
	FIELD(weir_ring_shm, leading),
	FIELD(weir_ring_shm, messages),
	FIELD(weir_ring_shm, padding),
	FIELD(weir_ring_shm, full),
	FIELD(weir_ring_shm, aborts),
	FIELD(weir_ring_shm, evictions),
	FIELD(weir_ring_shm, writer_reserved),
	FIELD(weir_ring_shm, oldest),
	FIELD(weir_ring_shm, step),
	FIELD(weir_ring_shm, oldest_reserved),
	FIELD(weir_ring_shm, writer),
	FIELD(weir_ring_shm, generation),
	FIELD(weir_ring_shm, closed),
	FIELD(weir_ring_shm, control_reserved),
	FIELD(weir_ring_shm, bell),
	FIELD(weir_ring_shm, mark),

	STRUCT(weir_join_cell_shm),
	FIELD(weir_join_cell_shm, version),
	FIELD(weir_join_cell_shm, epoch),
	FIELD(weir_join_cell_shm, sequence),
	FIELD(weir_join_cell_shm, time),
	FIELD(weir_join_cell_shm, clock),
	FIELD(weir_join_cell_shm, flags),
	FIELD(weir_join_cell_shm, reserved),
};
static const size_t rows = sizeof(layout) / sizeof(layout[0]);

/* Line n of the table; 0 is the head. */
static void line_of(size_t n, char *buf, size_t cap)
{
	const struct row *r = n > 0 ? &layout[n - 1] : NULL;

	if (r == NULL)
		snprintf(buf, cap, "layout %u.%u: struct NAME size align; field offset size",
			 WEIR_LAYOUT_MAJOR, WEIR_LAYOUT_MINOR);
	else if (r->field == NULL)
		snprintf(buf, cap, "struct %s %zu %zu", r->type, r->size, r->offset);
	else
		snprintf(buf, cap, "\t%s %zu %zu", r->field, r->offset, r->size);
}

static void print(void)
{
	char line[128];
	size_t n;

	for (n = 0; n <= rows; n++) {
		line_of(n, line, sizeof(line));
		puts(line);
	}
}

/* No field overlaps, none is missing, none is padded. */
static int gaps(void)
{
	size_t n, end = 0, total = 0;
	int faults = 0;

	for (n = 0; n < rows; n++) {
		const struct row *r = &layout[n];
		int first = r->field == NULL;
		int last = n + 1 == rows || layout[n + 1].field == NULL;

		if (first) {
			total = r->size;
			end = 0;
			continue;
		}
		if (r->offset != end) {
			printf("struct %s: %s is at %zu, the field before ends at %zu\n", r->type,
			       r->field, r->offset, end);
			faults++;
		}
		end = r->offset + r->size;
		if (last && end != total) {
			printf("struct %s: the last field ends at %zu of %zu\n", r->type, end,
			       total);
			faults++;
		}
	}
	return faults;
}

static int compare(FILE *f)
{
	char want[128], have[128];
	int faults = 0;
	size_t n;

	for (n = 0; n <= rows; n++) {
		line_of(n, have, sizeof(have));
		if (fgets(want, sizeof(want), f) == NULL)
			want[0] = '\0';
		want[strcspn(want, "\n")] = '\0';
		if (strcmp(want, have) != 0) {
			printf("%s: the table says '%s', the compiler '%s'\n",
			       n > 0 ? layout[n - 1].type : "head", want, have);
			faults++;
		}
	}
	if (fgets(want, sizeof(want), f) != NULL) {
		printf("the table has more: '%s'\n", want);
		faults++;
	}
	return faults;
}

int main(int argc, char **argv)
{
	const char *top = getenv("top_srcdir");
	char path[4096];
	int faults;
	FILE *f;

	if (argc == 2 && strcmp(argv[1], "--print") == 0) {
		if (gaps() != 0)
			return 1;
		print();
		return 0;
	}
	snprintf(path, sizeof(path), "%s/tests/layout.txt", top != NULL ? top : ".");
	f = fopen(path, "r");
	if (f == NULL) {
		printf("cannot read %s\n", path);
		return 99;
	}
	faults = gaps() + compare(f);
	fclose(f);
	if (WEIR_LAYOUT_MAJOR != WEIR_TEST_LAYOUT_MAJOR ||
	    WEIR_LAYOUT_MINOR != WEIR_TEST_LAYOUT_MINOR) {
		printf("weir/region.h says layout %u.%u, configure.ac %u.%u\n", WEIR_LAYOUT_MAJOR,
		       WEIR_LAYOUT_MINOR, WEIR_TEST_LAYOUT_MAJOR, WEIR_TEST_LAYOUT_MINOR);
		faults++;
	}
	if (faults != 0)
		puts("If the change is meant: HACKING.md, Versions; then make update-layout.");
	return faults != 0;
}
