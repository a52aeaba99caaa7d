# Storey gate: pure state machines (event + now -> verdict and actions).
GATE = %D%/libgate.la $(FLOW)

noinst_LTLIBRARIES += %D%/libgate.la
%C%_libgate_la_CFLAGS = $(AM_CFLAGS) $(WEIR_LIB_CFLAGS)
%C%_libgate_la_SOURCES = \
	%D%/barrier.c \
	%D%/barrier_names.c \
	%D%/group.c

pkginclude_HEADERS += \
	include/weir/barrier.h \
	include/weir/group.h
