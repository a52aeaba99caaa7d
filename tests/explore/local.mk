# The library once more, with a hook before each atomic step (weir/atomic.h), and programs that stop,
# kill or interleave at every one of them.

check_LTLIBRARIES = %D%/libexplore.la
%C%_libexplore_la_CPPFLAGS = $(AM_CPPFLAGS) -DWEIR_EXPLORE
%C%_libexplore_la_CFLAGS = $(AM_CFLAGS) $(WEIR_LIB_CFLAGS)
%C%_libexplore_la_SOURCES = \
	$(src_base_libbase_la_SOURCES) \
	$(src_flow_libflow_la_SOURCES) \
	$(src_gate_libgate_la_SOURCES) \
	$(src_runtime_libruntime_la_SOURCES)

EXPLORE = %D%/libexplore.la
EXPLORE_CPPFLAGS = $(AM_CPPFLAGS) -DWEIR_EXPLORE -I$(srcdir)/src/runtime -I$(srcdir)/tests/process

EXPLORE_TESTS = \
	%D%/dispatch_ahead \
	%D%/rendezvous_spins \
	%D%/session_ahead \
	%D%/session_inject \
	%D%/session_kill

%C%_dispatch_ahead_CPPFLAGS = $(EXPLORE_CPPFLAGS)
%C%_dispatch_ahead_LDADD = $(EXPLORE) -lpthread
%C%_rendezvous_spins_CPPFLAGS = $(EXPLORE_CPPFLAGS)
%C%_rendezvous_spins_LDADD = $(EXPLORE) -lpthread
%C%_session_ahead_CPPFLAGS = $(EXPLORE_CPPFLAGS)
%C%_session_ahead_LDADD = $(EXPLORE) -lpthread
%C%_session_inject_CPPFLAGS = $(EXPLORE_CPPFLAGS)
%C%_session_inject_LDADD = $(EXPLORE) -lpthread
%C%_session_kill_CPPFLAGS = $(EXPLORE_CPPFLAGS)
%C%_session_kill_LDADD = $(EXPLORE) -lpthread

noinst_HEADERS += %D%/explore.h

check_PROGRAMS += $(EXPLORE_TESTS)
TESTS += $(EXPLORE_TESTS)
