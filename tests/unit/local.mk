# One program per module: check_MODULE.c, linked with the convenience library of its storey and
# those below, so that a call upwards does not link. A new test: its name in the list, and its line.

UNIT_LIBS = $(CHECK_LIBS)

UNIT_TESTS = \
	%D%/check_error \
	%D%/check_region \
	%D%/check_region_map \
	%D%/check_stats \
	%D%/check_wait \
	%D%/check_drain \
	%D%/check_progress \
	%D%/check_ring \
	%D%/check_ring_run \
	%D%/check_barrier \
	%D%/check_codec \
	%D%/check_codec_attach \
	%D%/check_driver \
	%D%/check_driver_gate \
	%D%/check_group \
	%D%/check_session \
	%D%/check_session_runs \
	%D%/check_session_serve \
	%D%/check_session_still \
	%D%/check_session_fence \
	%D%/check_session_failure \
	%D%/check_session_regressions \
	%D%/check_watch \
	%D%/check_join \
	%D%/check_join_agent \
	%D%/check_join_agent_outputs \
	%D%/check_join_blocks \
	%D%/check_join_edges \
	%D%/check_join_hints \
	%D%/check_join_requirements \
	%D%/check_lease \
	%D%/check_merge_map \
	%D%/check_quorum \
	%D%/check_quorum_messages

%C%_check_error_LDADD = $(BASE) $(UNIT_LIBS)
%C%_check_region_LDADD = $(BASE) $(UNIT_LIBS)
%C%_check_region_map_LDADD = $(BASE) $(UNIT_LIBS)
%C%_check_stats_LDADD = $(BASE) $(UNIT_LIBS)
%C%_check_wait_LDADD = $(BASE) $(UNIT_LIBS)

%C%_check_drain_LDADD = $(FLOW) $(UNIT_LIBS)
%C%_check_progress_LDADD = $(FLOW) $(UNIT_LIBS)
%C%_check_ring_LDADD = $(FLOW) $(UNIT_LIBS)
%C%_check_ring_run_LDADD = $(FLOW) $(UNIT_LIBS)

%C%_check_barrier_LDADD = $(GATE) $(UNIT_LIBS)
%C%_check_codec_LDADD = $(GATE) $(UNIT_LIBS)
%C%_check_codec_attach_LDADD = $(GATE) $(UNIT_LIBS)
%C%_check_driver_LDADD = $(GATE) $(UNIT_LIBS)
%C%_check_driver_gate_LDADD = $(GATE) $(UNIT_LIBS)
%C%_check_group_LDADD = $(GATE) $(UNIT_LIBS)
%C%_check_join_LDADD = $(GATE) $(UNIT_LIBS)
%C%_check_join_blocks_LDADD = $(GATE) $(UNIT_LIBS)
%C%_check_join_edges_LDADD = $(GATE) $(UNIT_LIBS)
%C%_check_join_hints_LDADD = $(GATE) $(UNIT_LIBS)
%C%_check_join_requirements_LDADD = $(GATE) $(UNIT_LIBS)
%C%_check_lease_LDADD = $(GATE) $(UNIT_LIBS)
%C%_check_merge_map_LDADD = $(GATE) $(UNIT_LIBS)

%C%_check_session_LDADD = $(RUNTIME) $(UNIT_LIBS)
%C%_check_session_runs_LDADD = $(RUNTIME) $(UNIT_LIBS)
%C%_check_session_serve_LDADD = $(RUNTIME) $(UNIT_LIBS)
%C%_check_session_still_LDADD = $(RUNTIME) $(UNIT_LIBS)
%C%_check_session_fence_LDADD = $(RUNTIME) $(UNIT_LIBS)
# writes what a member that has gone mad would write
%C%_check_session_failure_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/src/runtime
%C%_check_session_failure_LDADD = $(RUNTIME) $(UNIT_LIBS)
%C%_check_session_regressions_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/src/runtime
%C%_check_session_regressions_LDADD = $(RUNTIME) $(UNIT_LIBS)
%C%_check_watch_LDADD = $(RUNTIME) $(UNIT_LIBS)
%C%_check_quorum_LDADD = $(GATE) $(UNIT_LIBS)
%C%_check_quorum_messages_LDADD = $(GATE) $(UNIT_LIBS)

%C%_check_join_agent_LDADD = $(RUNTIME) $(UNIT_LIBS)
%C%_check_join_agent_outputs_LDADD = $(RUNTIME) $(UNIT_LIBS) -lpthread

noinst_HEADERS += \
	%D%/agent_fixture.h \
	%D%/driver_checks.h \
	%D%/driver_fixture.h \
	%D%/flow_fixture.h \
	%D%/session_fixture.h \
	%D%/often.h \
	%D%/walk.h \
	%D%/join_fixture.h \
	%D%/lossy_transport.h

if HAVE_CHECK
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
AM_CPPFLAGS += $(CHECK_CFLAGS)
endif

# The rest does without Check. check_layout compares the table of the shared layout, or prints it.
check_PROGRAMS += %D%/check_layout
TESTS += %D%/check_layout
%C%_check_layout_CPPFLAGS = $(AM_CPPFLAGS) \
	-DWEIR_TEST_LAYOUT_MAJOR=$(WEIR_LAYOUT_MAJOR)u -DWEIR_TEST_LAYOUT_MINOR=$(WEIR_LAYOUT_MINOR)u

# check_alloc replaces the allocator, which a sanitizer has done already.
if !SANITIZE
check_PROGRAMS += %D%/check_alloc
TESTS += %D%/check_alloc
%C%_check_alloc_LDADD = $(RUNTIME)
if HAVE_CHECK
check_PROGRAMS += %D%/check_join_agent_alloc
TESTS += %D%/check_join_agent_alloc
%C%_check_join_agent_alloc_LDADD = $(RUNTIME) $(UNIT_LIBS)
endif
endif

# Barriers: what a transcript says must come out, and a random walk against an oracle.
check_PROGRAMS += %D%/check_barrier_transcripts %D%/check_barrier_model
TESTS += %D%/check_barrier_transcripts %D%/check_barrier_model
%C%_check_barrier_transcripts_LDADD = $(GATE)
%C%_check_barrier_model_LDADD = $(GATE)

# Quorums: a random walk against an oracle.
check_PROGRAMS += %D%/check_quorum_model
TESTS += %D%/check_quorum_model
%C%_check_quorum_model_LDADD = $(GATE)

# Drivers: a random walk against an oracle.
check_PROGRAMS += %D%/check_driver_model
TESTS += %D%/check_driver_model
%C%_check_driver_model_LDADD = $(GATE)

# Drivers and leases on a wire that loses messages.
check_PROGRAMS += %D%/check_driver_agent
TESTS += %D%/check_driver_agent
%C%_check_driver_agent_LDADD = $(RUNTIME)

EXTRA_DIST += \
	%D%/transcripts/cancel.txt \
	%D%/transcripts/clock_backwards.txt \
	%D%/transcripts/death_after_arriving.txt \
	%D%/transcripts/death_continue.txt \
	%D%/transcripts/death_fail.txt \
	%D%/transcripts/delivery.txt \
	%D%/transcripts/everybody_leaves.txt \
	%D%/transcripts/immediate_reuse.txt \
	%D%/transcripts/join_while_open.txt \
	%D%/transcripts/leave_before.txt \
	%D%/transcripts/leave_while_draining.txt \
	%D%/transcripts/members_1024.txt \
	%D%/transcripts/mixed_mode.txt \
	%D%/transcripts/new_tenant.txt \
	%D%/transcripts/processing.txt \
	%D%/transcripts/rendezvous.txt \
	%D%/transcripts/repeat_stale_early.txt \
	%D%/transcripts/timeout_draining.txt \
	%D%/transcripts/timeout_gathering.txt

# Joins: a small world walked through, and all options at random, each against an oracle.
check_PROGRAMS += %D%/check_join_model
TESTS += %D%/check_join_model
%C%_check_join_model_LDADD = $(GATE)

accept-transcripts: %D%/check_barrier_transcripts$(EXEEXT)
	WEIR_ACCEPT_TRANSCRIPTS=1 top_srcdir='$(top_srcdir)' $(builddir)/%D%/check_barrier_transcripts$(EXEEXT)
.PHONY: accept-transcripts
