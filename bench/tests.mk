# What decides what is run and reported in bench/ is tested like the library.

if HAVE_CHECK
check_PROGRAMS += tests/unit/check_bench_stats
TESTS += tests/unit/check_bench_stats
tests_unit_check_bench_stats_SOURCES = tests/unit/check_bench_stats.c \
	%D%/judge.c %D%/list.c %D%/stats.c
tests_unit_check_bench_stats_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(srcdir)/%D%
tests_unit_check_bench_stats_LDADD = $(UNIT_LIBS)

PREFLIGHT_PARTS = tests/unit/preflight_fixture.h \
	%D%/jsonw.c %D%/preflight.c %D%/preflight_cgroup.c %D%/preflight_counts.c \
	%D%/preflight_cpu.c %D%/preflight_memory.c %D%/preflight_print.c %D%/preflight_read.c \
	%D%/preflight_system.c
check_PROGRAMS += tests/unit/check_bench_preflight tests/unit/check_bench_preflight_checks
TESTS += tests/unit/check_bench_preflight tests/unit/check_bench_preflight_checks
tests_unit_check_bench_preflight_SOURCES = tests/unit/check_bench_preflight.c $(PREFLIGHT_PARTS)
tests_unit_check_bench_preflight_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(srcdir)/%D%
tests_unit_check_bench_preflight_LDADD = $(UNIT_LIBS)
tests_unit_check_bench_preflight_checks_SOURCES = tests/unit/check_bench_preflight_checks.c \
	$(PREFLIGHT_PARTS)
tests_unit_check_bench_preflight_checks_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(srcdir)/%D%
tests_unit_check_bench_preflight_checks_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/check_bench_plan
TESTS += tests/unit/check_bench_plan
tests_unit_check_bench_plan_SOURCES = tests/unit/check_bench_plan.c \
	%D%/calibrate.c %D%/choose.c %D%/plan.c %D%/plan_progress.c %D%/plan_rounds.c \
	%D%/stats.c %D%/steal.c
tests_unit_check_bench_plan_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(srcdir)/%D%
tests_unit_check_bench_plan_LDADD = $(UNIT_LIBS)
check_PROGRAMS += tests/unit/check_bench_flags
TESTS += tests/unit/check_bench_flags
tests_unit_check_bench_flags_SOURCES = tests/unit/check_bench_flags.c %D%/flags.c
tests_unit_check_bench_flags_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(srcdir)/%D%
tests_unit_check_bench_flags_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/check_bench_text
TESTS += tests/unit/check_bench_text
tests_unit_check_bench_text_SOURCES = tests/unit/check_bench_text.c %D%/jsonw.c %D%/table.c
tests_unit_check_bench_text_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(srcdir)/%D%
tests_unit_check_bench_text_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/check_bench_topology
TESTS += tests/unit/check_bench_topology
tests_unit_check_bench_topology_SOURCES = tests/unit/check_bench_topology.c %D%/topology.c
tests_unit_check_bench_topology_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(srcdir)/%D%
tests_unit_check_bench_topology_LDADD = $(UNIT_LIBS)
if HAVE_HWLOC
tests_unit_check_bench_topology_CPPFLAGS += -DBENCH_HAVE_HWLOC $(HWLOC_CFLAGS)
tests_unit_check_bench_topology_LDADD += $(HWLOC_LIBS)
endif

check_PROGRAMS += tests/unit/check_bench_cores
TESTS += tests/unit/check_bench_cores
tests_unit_check_bench_cores_SOURCES = tests/unit/check_bench_cores.c \
	%D%/cores_data.c %D%/cores_out.c %D%/cores_plan.c \
	%D%/jsonw.c %D%/stats.c
tests_unit_check_bench_cores_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(srcdir)/%D%
tests_unit_check_bench_cores_LDADD = $(UNIT_LIBS)
endif

# Ranks of a distribution, and a rate that is kept.
if HAVE_CHECK
tests_unit_check_bench_stats_SOURCES += %D%/hist.c %D%/judge_latency.c

check_PROGRAMS += tests/unit/check_bench_hist
TESTS += tests/unit/check_bench_hist
tests_unit_check_bench_hist_SOURCES = tests/unit/check_bench_hist.c %D%/alloc.c %D%/hist.c
tests_unit_check_bench_hist_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(srcdir)/%D%
tests_unit_check_bench_hist_LDADD = $(UNIT_LIBS) -lm

check_PROGRAMS += tests/unit/check_bench_flow
TESTS += tests/unit/check_bench_flow
tests_unit_check_bench_flow_SOURCES = tests/unit/check_bench_flow.c %D%/clock.c %D%/hist.c
tests_unit_check_bench_flow_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(srcdir)/%D%
tests_unit_check_bench_flow_LDADD = $(UNIT_LIBS) -lm

check_PROGRAMS += tests/unit/check_bench_latency
TESTS += tests/unit/check_bench_latency
tests_unit_check_bench_latency_SOURCES = tests/unit/check_bench_latency.c \
	%D%/csvw.c %D%/hist.c %D%/judge.c %D%/judge_latency.c %D%/latency.c \
	%D%/latency_files.c %D%/latency_plan.c %D%/list.c %D%/list_latency.c %D%/stats.c
tests_unit_check_bench_latency_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(srcdir)/%D%
tests_unit_check_bench_latency_LDADD = $(UNIT_LIBS) -lm

# Rows that a test adds stay, so each test has a process of its own; under ThreadSanitizer they share one.
if !TSAN
check_PROGRAMS += tests/unit/check_bench_choose
TESTS += tests/unit/check_bench_choose
tests_unit_check_bench_choose_SOURCES = tests/unit/check_bench_choose.c \
	%D%/calibrate.c %D%/choose.c %D%/list.c %D%/realtime.c
tests_unit_check_bench_choose_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(srcdir)/%D%
tests_unit_check_bench_choose_LDADD = $(UNIT_LIBS) -lm
endif

# Sanitizers make nothing of mlockall().
if !SANITIZE
check_PROGRAMS += tests/unit/check_bench_realtime
TESTS += tests/unit/check_bench_realtime
tests_unit_check_bench_realtime_SOURCES = tests/unit/check_bench_realtime.c %D%/realtime.c
tests_unit_check_bench_realtime_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(srcdir)/%D%
tests_unit_check_bench_realtime_LDADD = $(UNIT_LIBS)
endif

check_PROGRAMS += tests/unit/check_bench_release
TESTS += tests/unit/check_bench_release
tests_unit_check_bench_release_SOURCES = tests/unit/check_bench_release.c \
	%D%/hist.c %D%/list.c %D%/list_release.c %D%/release.c
tests_unit_check_bench_release_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(srcdir)/%D%
tests_unit_check_bench_release_LDADD = $(UNIT_LIBS) -lm

check_PROGRAMS += tests/unit/check_bench_tables
TESTS += tests/unit/check_bench_tables
tests_unit_check_bench_tables_SOURCES = tests/unit/check_bench_tables.c \
	%D%/cell.c %D%/hist.c %D%/jsonw.c %D%/latency_files.c %D%/latency_report.c %D%/csvw.c \
	%D%/list.c %D%/report_notes.c %D%/report_table.c %D%/stats.c %D%/table.c %D%/wrap.c
tests_unit_check_bench_tables_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(srcdir)/%D%
tests_unit_check_bench_tables_LDADD = $(UNIT_LIBS) -lm

check_PROGRAMS += tests/unit/check_bench_load
TESTS += tests/unit/check_bench_load
tests_unit_check_bench_load_SOURCES = tests/unit/check_bench_load.c %D%/load_knee.c
tests_unit_check_bench_load_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(srcdir)/%D%
tests_unit_check_bench_load_LDADD = $(UNIT_LIBS) -lm

check_PROGRAMS += tests/unit/check_bench_soak
TESTS += tests/unit/check_bench_soak
tests_unit_check_bench_soak_SOURCES = tests/unit/check_bench_soak.c \
	%D%/hist.c %D%/soak_data.c %D%/stats.c
tests_unit_check_bench_soak_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(srcdir)/%D%
tests_unit_check_bench_soak_LDADD = $(UNIT_LIBS) -lm

check_PROGRAMS += tests/unit/check_bench_compare
TESTS += tests/unit/check_bench_compare
tests_unit_check_bench_compare_SOURCES = tests/unit/check_bench_compare.c %D%/ranks.c
tests_unit_check_bench_compare_CPPFLAGS = $(AM_CPPFLAGS) -iquote $(srcdir)/%D%
tests_unit_check_bench_compare_LDADD = $(UNIT_LIBS) -lm
endif

# ---- instructions per call ----

# The library's own sources, compiled once more: tests/check-instructions builds this with flags of
# its own, whatever configure was given, for its table holds for those alone.
EXTRA_PROGRAMS += %D%/instructions/instructions
CLEANFILES += %D%/instructions/instructions
%C%_instructions_instructions_SOURCES = \
	%D%/instructions/cases.h \
	%D%/instructions/codec.c \
	%D%/instructions/driver.c \
	%D%/instructions/join.c \
	%D%/instructions/join.h \
	%D%/instructions/join_tell.c \
	%D%/instructions/loop.c \
	%D%/instructions/main.c \
	%D%/instructions/meet.c \
	%D%/instructions/progress.c \
	%D%/instructions/quorum.c \
	%D%/instructions/ring.c \
	%D%/instructions/session.c \
	$(src_base_libbase_la_SOURCES) \
	$(src_flow_libflow_la_SOURCES) \
	$(src_gate_libgate_la_SOURCES) \
	$(src_runtime_libruntime_la_SOURCES)
%C%_instructions_instructions_CFLAGS = $(AM_CFLAGS) $(WEIR_LIB_CFLAGS)
%C%_instructions_instructions_LDFLAGS = $(AM_LDFLAGS) -Wl,-z,now

bench-instructions:
	+@$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/check-instructions --compare
update-instructions:
	+@$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/check-instructions --update
.PHONY: bench-instructions update-instructions

EXTRA_DIST += docs/benchmarking.md %D%/README.md %D%/instructions/table.awk
