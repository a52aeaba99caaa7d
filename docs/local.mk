dist_man_MANS = \
	%D%/man/weir.1 \
	%D%/man/weir.7 \
	%D%/man/weir_atomic.3 \
	%D%/man/weir_barrier.3 \
	%D%/man/weir_codec.3 \
	%D%/man/weir_drain.3 \
	%D%/man/weir_driver.3 \
	%D%/man/weir_error.3 \
	%D%/man/weir_group.3 \
	%D%/man/weir_join.3 \
	%D%/man/weir_join_agent.3 \
	%D%/man/weir_join_cell.3 \
	%D%/man/weir_lease.3 \
	%D%/man/weir_merge_map.3 \
	%D%/man/weir_progress.3 \
	%D%/man/weir_quorum.3 \
	%D%/man/weir_region.3 \
	%D%/man/weir_rendezvous.3 \
	%D%/man/weir_ring.3 \
	%D%/man/weir_ring_run.3 \
	%D%/man/weir_session.3 \
	%D%/man/weir_stats.3 \
	%D%/man/weir_wait.3 \
	%D%/man/weir_watch.3 \
	%D%/man/weir_transport.3

if BENCH
dist_man_MANS += %D%/man/weir-bench.1
endif
if BENCH_COMPARE
dist_man_MANS += %D%/man/weir-bench-compare.1
endif

EXTRA_DIST += \
	%D%/design/architecture.md \
	%D%/design/barrier.md \
	%D%/design/bench.md \
	%D%/man/weir-bench.1 \
	%D%/man/weir-bench-compare.1 \
	%D%/design/codec.md \
	%D%/design/drain.md \
	%D%/design/driver.md \
	%D%/design/join.md \
	%D%/design/join_agent.md \
	%D%/design/progress.md \
	%D%/design/quorum.md \
	%D%/design/rendezvous.md \
	%D%/design/ring.md \
	%D%/design/session.md \
	%D%/design/wait.md \
	%D%/design/region.md \
	%D%/instructions.md \
	%D%/join-requirements.md \
	%D%/ordering.md

# Examples are built with the library, and installed as sources with a Makefile of their own.
noinst_PROGRAMS += %D%/examples/delivery_fence %D%/examples/fence_files
%C%_examples_delivery_fence_LDADD = $(WEIR)
%C%_examples_delivery_fence_LDFLAGS = $(AM_LDFLAGS) -no-install
%C%_examples_delivery_fence_SOURCES = %D%/examples/delivery_fence.c
%C%_examples_fence_files_LDADD = $(WEIR)
%C%_examples_fence_files_LDFLAGS = $(AM_LDFLAGS) -no-install
%C%_examples_fence_files_SOURCES = \
	%D%/examples/fence_collector.c \
	%D%/examples/fence_files.c \
	%D%/examples/fence_files.h \
	%D%/examples/fence_options.c \
	%D%/examples/fence_report.c \
	%D%/examples/fence_sender.c \
	%D%/examples/fence_sums.c

noinst_PROGRAMS += %D%/examples/join_modes
%C%_examples_join_modes_LDADD = $(WEIR)
%C%_examples_join_modes_LDFLAGS = $(AM_LDFLAGS) -no-install
%C%_examples_join_modes_SOURCES = %D%/examples/join_modes.c

noinst_PROGRAMS += %D%/examples/join_proc
%C%_examples_join_proc_LDADD = $(WEIR)
%C%_examples_join_proc_LDFLAGS = $(AM_LDFLAGS) -no-install
%C%_examples_join_proc_SOURCES = \
	%D%/examples/join_proc.c \
	%D%/examples/join_proc.h \
	%D%/examples/proc_joiner.c \
	%D%/examples/proc_options.c \
	%D%/examples/proc_producer.c \
	%D%/examples/proc_report.c \
	%D%/examples/proc_source.c

examplesdir = $(docdir)/examples
examples_DATA = \
	%D%/examples/Makefile \
	%D%/examples/README.md \
	$(%C%_examples_delivery_fence_SOURCES) \
	$(%C%_examples_fence_files_SOURCES) \
	$(%C%_examples_join_modes_SOURCES) \
	$(%C%_examples_join_proc_SOURCES)
EXTRA_DIST += %D%/examples/Makefile %D%/examples/README.md

EXAMPLE_TESTS = \
	tests/process/delivery_fence_test \
	tests/process/fence_files_test \
	tests/process/join_modes_test \
	tests/process/join_proc_test
TESTS += $(EXAMPLE_TESTS)
EXTRA_DIST += $(EXAMPLE_TESTS)

# What the README says of speed is what this report says: tests/check-claims.
EXTRA_DIST += \
	%D%/reports/2-cpu-vm.csv \
	%D%/reports/2-cpu-vm.json \
	%D%/reports/2-cpu-vm.md \
	%D%/reports/2-cpu-vm/barriers.svg \
	%D%/reports/2-cpu-vm/cores.svg \
	%D%/reports/2-cpu-vm/latency.svg \
	%D%/reports/2-cpu-vm/overview.svg \
	%D%/reports/2-cpu-vm/throughput.svg
