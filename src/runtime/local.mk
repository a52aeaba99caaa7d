# Storey runtime: sessions and agents; clocks, processes, polling.
RUNTIME = %D%/libruntime.la $(GATE)

noinst_LTLIBRARIES += %D%/libruntime.la
%C%_libruntime_la_CFLAGS = $(AM_CFLAGS) $(WEIR_LIB_CFLAGS)
%C%_libruntime_la_SOURCES = \
	%D%/session.c \
	%D%/session_barrier.c \
	%D%/session_coordinator.c \
	%D%/session_fence.c \
	%D%/session_poll.c \
	%D%/session_priv.h \
	%D%/session_send.c \
	%D%/session_setup.c \
	%D%/session_setup.h \
	%D%/session_view.c \
	%D%/watch.c

pkginclude_HEADERS += \
	include/weir/session.h \
	include/weir/watch.h \
	include/weir/weir.h
