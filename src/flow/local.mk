# Storey flow: lock-free structures in plain memory.
FLOW = %D%/libflow.la $(BASE)

noinst_LTLIBRARIES += %D%/libflow.la
%C%_libflow_la_CFLAGS = $(AM_CFLAGS) $(WEIR_LIB_CFLAGS)
%C%_libflow_la_SOURCES = \
	%D%/drain.c \
	%D%/drain_wait.c \
	%D%/emit.c \
	%D%/progress.c \
	%D%/progress_internal.h \
	%D%/progress_others.c \
	%D%/rendezvous.c \
	%D%/ring.c \
	%D%/ring_internal.h \
	%D%/ring_reader.c \
	%D%/ring_run.c \
	%D%/ring_writer.c

pkginclude_HEADERS += \
	include/weir/drain.h \
	include/weir/progress.h \
	include/weir/rendezvous.h \
	include/weir/ring.h \
	include/weir/ring_run.h
