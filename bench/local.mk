# Benchmarks. `make' builds bench/weir-bench, `make install' installs it, `make bench' runs the quick
# plan, less than two minutes; `make bench-full' takes the whole matrix. BENCHFLAGS are passed on:
# make bench BENCHFLAGS='--filter roundtrip --repeat 21'.

BENCH_PLOTS_NAMES = common overview throughput latency load barriers cores soak
BENCH_PLOTS = \
	%D%/plots/barriers.gp \
	%D%/plots/common.gp \
	%D%/plots/cores.gp \
	%D%/plots/latency.gp \
	%D%/plots/load.gp \
	%D%/plots/overview.gp \
	%D%/plots/soak.gp \
	%D%/plots/throughput.gp
EXTRA_DIST += $(BENCH_PLOTS)

EXTRA_PROGRAMS =
if BENCH
bin_PROGRAMS += %D%/weir-bench
EXTRA_LTLIBRARIES =
# Reports are measurements: `make clean' leaves them.
CLEANFILES += %D%/weir-bench $(EXTRA_LTLIBRARIES) %D%/revision.h %D%/plots_text.h

%C%_weir_bench_SOURCES = \
	%D%/alloc.c %D%/alloc.h \
	%D%/bench.h \
	%D%/bench_barrier.c \
	%D%/bench_block.c \
	%D%/bench_codec.c \
	%D%/bench_drain.c \
	%D%/bench_evict.c \
	%D%/bench_join.c %D%/bench_join.h \
	%D%/bench_join_tell.c \
	%D%/bench_fence.c \
	%D%/bench_limits.c \
	%D%/bench_lossy.c \
	%D%/bench_progress.c \
	%D%/bench_quorum.c \
	%D%/bench_region.c \
	%D%/bench_rendezvous.c \
	%D%/bench_ring.c \
	%D%/bench_roundtrip.c \
	%D%/bench_session.c \
	%D%/bench_trip.c \
	%D%/bench_wakeup.c \
	%D%/cell.c %D%/cell.h \
	%D%/calibrate.c \
	%D%/choose.c \
	%D%/context.c %D%/context.h \
	%D%/control.h \
	%D%/cores.h \
	%D%/cores_data.c \
	%D%/cores_out.c \
	%D%/cores_plan.c \
	%D%/cores_run.c %D%/cores_side.h \
	%D%/cores_trips.c \
	%D%/csv.c \
	%D%/csvw.c %D%/csvw.h \
	%D%/driver.c %D%/driver.h \
	%D%/env.c \
	%D%/flags.c %D%/flags.h \
	%D%/front.c %D%/front.h \
	%D%/gbench.cc %D%/gbench.h \
	%D%/json.c \
	%D%/jsonw.c %D%/jsonw.h \
	%D%/judge.c \
	%D%/list.c \
	%D%/loops.h \
	%D%/main.c \
	%D%/meet.h \
	%D%/msg.h \
	%D%/native.c %D%/native.h \
	%D%/once.c %D%/once.h \
	%D%/options.c %D%/options.h \
	%D%/output.c %D%/output.h \
	%D%/pair.c %D%/pair.h \
	%D%/peers/ack_barrier.c \
	%D%/peers/all.c \
	%D%/peers/ck_ring.c \
	%D%/peers/ck_sequence.c \
	%D%/peers/eventfd.c \
	%D%/peers/join_cursors.c \
	%D%/peers/join_loops.c \
	%D%/peers/kernel.h \
	%D%/peers/message.h \
	%D%/peers/pipe.c \
	%D%/peers/posix_mq.c \
	%D%/peers/pthread_barrier.c \
	%D%/peers/queue.h \
	%D%/peers/record.h \
	%D%/peers/slots.c \
	%D%/peers/unix_socket.c \
	%D%/peers/wakeup_kernel.c \
	%D%/plan.c %D%/plan.h \
	%D%/plan_progress.c \
	%D%/plan_rounds.c \
	%D%/preflight.c %D%/preflight.h \
	%D%/preflight_cgroup.c \
	%D%/preflight_counts.c \
	%D%/preflight_cpu.c \
	%D%/preflight_memory.c \
	%D%/preflight_print.c \
	%D%/preflight_read.c %D%/preflight_read.h \
	%D%/preflight_run.c \
	%D%/preflight_system.c \
	%D%/plots.c %D%/plots.h \
	%D%/plots_data.c %D%/plots_data.h \
	%D%/probe.c %D%/probe.h \
	%D%/report.c %D%/report.h \
	%D%/report_notes.c %D%/report_part.h \
	%D%/report_table.c \
	%D%/role.c \
	%D%/stats.c %D%/stats.h \
	%D%/steal.c %D%/steal.h \
	%D%/study.c %D%/study.h \
	%D%/study_cores.c \
	%D%/suite.c %D%/suite.h \
	%D%/topology.c %D%/topology.h \
	%D%/table.c %D%/table.h \
	%D%/wakeup.h \
	%D%/watch.c %D%/watch.h \
	%D%/wrap.c %D%/wrap.h
%C%_weir_bench_CPPFLAGS = $(AM_CPPFLAGS) $(BENCHMARK_CFLAGS) -iquote %D% $(BENCH_DEFS)
%C%_weir_bench_LDADD = $(BENCH_PEERS) $(WEIR) $(BENCHMARK_LIBS) -lpthread
BENCH_DEFS = -DBENCH_VERSION='"$(VERSION)"' \
	-DBENCH_CFLAGS='"$(WEIR_CFLAGS) $(CFLAGS)"' \
	-DBENCH_CXXFLAGS='"$(WEIR_CXXFLAGS) $(CXXFLAGS)"' \
	-DBENCH_PEER_VERSIONS='"$(WEIR_PEERS)"'
BENCH_PEERS =

if HAVE_HWLOC
BENCH_DEFS += -DBENCH_HAVE_HWLOC $(HWLOC_CFLAGS)
BENCH_PEERS += $(HWLOC_LIBS)
endif

# Distributions and a fixed rate.
%C%_weir_bench_SOURCES += \
	%D%/bench_latency.c \
	%D%/clock.c %D%/clock.h \
	%D%/flow.h \
	%D%/hist.c %D%/hist.h \
	%D%/judge_latency.c \
	%D%/latency.c %D%/latency.h \
	%D%/latency_files.c \
	%D%/latency_plan.c \
	%D%/latency_report.c %D%/latency_report.h \
	%D%/list_latency.c \
	%D%/list_release.c \
	%D%/load.c %D%/load.h \
	%D%/load_knee.c \
	%D%/load_report.c \
	%D%/pace.h \
	%D%/soak.c %D%/soak.h \
	%D%/soak_data.c \
	%D%/soak_out.c \
	%D%/soak_report.c \
	%D%/soak_sides.c %D%/soak_sides.h \
	%D%/realtime.c %D%/realtime.h \
	%D%/release.c %D%/release.h

if HAVE_BOOST
BENCH_DEFS += -DBENCH_HAVE_BOOST
%C%_weir_bench_SOURCES += %D%/peers/boost_spsc.cc
endif

if HAVE_READERWRITERQUEUE
BENCH_DEFS += -DBENCH_HAVE_READERWRITERQUEUE
%C%_weir_bench_SOURCES += %D%/peers/readerwriterqueue.cc
endif

if HAVE_CONCURRENTQUEUE
BENCH_DEFS += -DBENCH_HAVE_CONCURRENTQUEUE
%C%_weir_bench_SOURCES += %D%/peers/concurrentqueue.cc
endif

if HAVE_ATOMICQUEUE
BENCH_DEFS += -DBENCH_HAVE_ATOMICQUEUE
%C%_weir_bench_SOURCES += %D%/peers/atomic_queue.cc
endif

if HAVE_LIBCK
BENCH_DEFS += -DBENCH_HAVE_LIBCK
BENCH_PEERS += $(CK_LIBS)
%C%_weir_bench_SOURCES += %D%/peers/ck_barrier.c
endif

# C++20 is for this file only.
if HAVE_STD_BARRIER
BENCH_DEFS += -DBENCH_HAVE_STD_BARRIER
BENCH_PEERS += %D%/libstd_peer.la
EXTRA_LTLIBRARIES += %D%/libstd_peer.la
%C%_libstd_peer_la_SOURCES = %D%/peers/std_barrier.cc
%C%_libstd_peer_la_CXXFLAGS = $(AM_CXXFLAGS) -std=c++20
endif

# OpenMP's flag compiles its file, and links its runtime.
if HAVE_OPENMP
BENCH_DEFS += -DBENCH_HAVE_OPENMP
BENCH_PEERS += %D%/libopenmp_peer.la
EXTRA_LTLIBRARIES += %D%/libopenmp_peer.la
%C%_libopenmp_peer_la_SOURCES = %D%/peers/openmp.c
%C%_libopenmp_peer_la_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS)
%C%_weir_bench_LDFLAGS = $(AM_LDFLAGS) $(OPENMP_CFLAGS)
endif

# DPDK's flags (a machine, a forced include, GNU C) are for its own file only, and of its libraries
# only the ring is linked.
if HAVE_DPDK
BENCH_DEFS += -DBENCH_HAVE_DPDK
BENCH_PEERS += %D%/librte_peer.la -lrte_ring
EXTRA_LTLIBRARIES += %D%/librte_peer.la
%C%_librte_peer_la_SOURCES = %D%/peers/rte_ring.c %D%/peers/rte_seqcount.c
%C%_librte_peer_la_CFLAGS = $(AM_CFLAGS) $(DPDK_CFLAGS) -std=gnu11
endif

# Inline calls that want GNU C; nothing is linked.
if HAVE_URCU
BENCH_DEFS += -DBENCH_HAVE_URCU
BENCH_PEERS += %D%/liburcu_peer.la
EXTRA_LTLIBRARIES += %D%/liburcu_peer.la
%C%_liburcu_peer_la_SOURCES = %D%/peers/wfcqueue.c
%C%_liburcu_peer_la_CFLAGS = $(AM_CFLAGS) -std=gnu11
endif

# An MPI brings a launcher, and each of its ranks is a program: one per MPI, which weir-bench looks for
# beside itself and in pkglibexecdir.
BENCH_RANKS =
pkglibexec_PROGRAMS =
BENCH_RANK_SOURCES = %D%/peers/mpi_barrier.c %D%/alloc.c %D%/alloc.h %D%/bench.h
if HAVE_MPI
%C%_weir_bench_SOURCES += %D%/peers/mpi.c %D%/peers/mpi.h %D%/peers/mpi_keeper.c
BENCH_DEFS += -DBENCH_LIBEXECDIR='"$(pkglibexecdir)"'
endif
if HAVE_OPENMPI
BENCH_RANKS += %D%/mpi-openmpi$(EXEEXT)
pkglibexec_PROGRAMS += %D%/mpi-openmpi
BENCH_DEFS += -DBENCH_OPENMPI='"$(MPIRUN_OPENMPI)"'
%C%_mpi_openmpi_SOURCES = $(BENCH_RANK_SOURCES)
%C%_mpi_openmpi_CPPFLAGS = $(AM_CPPFLAGS) $(OPENMPI_CFLAGS)
%C%_mpi_openmpi_LDADD = $(OPENMPI_LIBS) -lpthread
endif
if HAVE_MPICH
BENCH_RANKS += %D%/mpi-mpich$(EXEEXT)
pkglibexec_PROGRAMS += %D%/mpi-mpich
BENCH_DEFS += -DBENCH_MPICH='"$(MPIRUN_MPICH)"'
%C%_mpi_mpich_SOURCES = $(BENCH_RANK_SOURCES)
%C%_mpi_mpich_CPPFLAGS = $(AM_CPPFLAGS) $(MPICH_CFLAGS)
%C%_mpi_mpich_LDADD = $(MPICH_LIBS) -lpthread
endif

# What the source tree is at, as git says it; a release says its version. The file changes only when
# that does, and stays when git will not speak: to another user, who installs.
%D%/revision.h: bench-revision
	@$(MKDIR_P) %D%
	@rev=; if test -e $(top_srcdir)/.git; then \
		rev=`GIT_OPTIONAL_LOCKS=0 git -C $(top_srcdir) describe --always --dirty --tags \
			2>/dev/null` || { test ! -e $@ || exit 0; }; \
	fi; \
	echo "#define BENCH_REVISION \"$(VERSION)$${rev:+ $$rev}\"" > $@.new; \
	if cmp -s $@.new $@; then rm -f $@.new; else mv -f $@.new $@; fi
bench-revision:
# The flags that it says are in the Makefile.
%D%/weir_bench-context.$(OBJEXT): %D%/revision.h Makefile

# The scripts are part of the program, line by line, so that it needs no files beside it.
%D%/plots_text.h: $(BENCH_PLOTS) $(srcdir)/%D%/local.mk
	@$(MKDIR_P) %D%
	$(AM_V_GEN)for plot in $(BENCH_PLOTS_NAMES); do \
		echo "static const char *const plot_$$plot[] = {"; \
		sed 's/[\\"]/\\&/g; s/.*/	"&",/' $(srcdir)/%D%/plots/$$plot.gp; \
		echo "	NULL};"; \
	done > $@.new && mv -f $@.new $@
%D%/weir_bench-plots.$(OBJEXT): %D%/plots_text.h

bench: %D%/weir-bench$(EXEEXT) $(BENCH_RANKS)
	%D%/weir-bench$(EXEEXT) $(BENCHFLAGS)
bench-full: %D%/weir-bench$(EXEEXT) $(BENCH_RANKS)
	%D%/weir-bench$(EXEEXT) --full $(BENCHFLAGS)
else
bench bench-full:
	@echo "Benchmarks are off: $(WEIR_BENCH)." >&2
	@echo "To have them: ./configure --enable-bench; it says what is missing." >&2
	@false
endif
clean-local: clean-bench
clean-bench:
	rm -rf check_bench_preflight*.tree
.PHONY: bench-full bench-revision clean-bench

# Compares two reports. bench/compare is the short name in the tree. (C++ has a header of that name:
# this folder is searched for "" alone, -iquote.)
if BENCH_COMPARE
noinst_SCRIPTS = %D%/compare
CLEANFILES += %D%/compare
%D%/compare: %D%/weir-bench-compare$(EXEEXT)
	$(AM_V_GEN)printf '#!/bin/sh\nexec "$${0%%/*}/weir-bench-compare" "$$@"\n' > $@ && chmod +x $@
bin_PROGRAMS += %D%/weir-bench-compare
%C%_weir_bench_compare_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) -iquote $(srcdir)/%D%
%C%_weir_bench_compare_LDADD = $(JANSSON_LIBS) -lm
%C%_weir_bench_compare_SOURCES = \
	%D%/compare.c %D%/compare.h \
	%D%/compare_judge.c \
	%D%/compare_print.c \
	%D%/compare_read.c \
	%D%/ranks.c %D%/ranks.h \
	%D%/stats.c %D%/stats.h
TESTS += tests/process/bench_compare_test

# Checks reports against bench/schema.json.
check_PROGRAMS += tests/process/json_schema
tests_process_json_schema_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_process_json_schema_LDADD = $(JANSSON_LIBS)
tests_process_json_schema_SOURCES = tests/process/json_schema.c
endif
EXTRA_DIST += tests/process/bench_compare_test

if BENCH
pkgdata_DATA = %D%/schema.json
TESTS += tests/process/bench_cores_test tests/process/bench_report_test
TESTS += tests/process/bench_realtime_test tests/process/bench_release_test
endif
EXTRA_DIST += %D%/schema.json tests/process/bench_cores_test tests/process/bench_report_test
EXTRA_DIST += tests/process/bench_realtime_test tests/process/bench_release_test

include %D%/tests.mk
