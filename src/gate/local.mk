# Storey gate: pure state machines (event + now -> verdict and actions).
GATE = %D%/libgate.la $(FLOW)

noinst_LTLIBRARIES += %D%/libgate.la
%C%_libgate_la_CFLAGS = $(AM_CFLAGS) $(WEIR_LIB_CFLAGS)
%C%_libgate_la_SOURCES = \
	%D%/barrier.c \
	%D%/barrier_names.c \
	%D%/codec.c \
	%D%/codec_data.c \
	%D%/codec_encode.c \
	%D%/codec_internal.h \
	%D%/codec_lease.c \
	%D%/codec_names.c \
	%D%/codec_root.c \
	%D%/driver.c \
	%D%/driver_gate.c \
	%D%/driver_init.c \
	%D%/driver_internal.h \
	%D%/driver_lease.c \
	%D%/driver_names.c \
	%D%/group.c \
	%D%/join.c \
	%D%/join_bind.c \
	%D%/join_calm.c \
	%D%/join_cell.c \
	%D%/join_input.c \
	%D%/join_map.c \
	%D%/join_names.c \
	%D%/join_priv.h \
	%D%/join_ready.c \
	%D%/join_sort.c \
	%D%/join_upto.c \
	%D%/lease.c \
	%D%/lease_init.c \
	%D%/merge_map.c \
	%D%/quorum.c \
	%D%/quorum_init.c \
	%D%/quorum_internal.h \
	%D%/quorum_names.c \
	%D%/quorum_requests.c \
	%D%/quorum_table.c \
	%D%/quorum_table.h

pkginclude_HEADERS += \
	include/weir/barrier.h \
	include/weir/codec.h \
	include/weir/driver.h \
	include/weir/group.h \
	include/weir/join.h \
	include/weir/join_cell.h \
	include/weir/lease.h \
	include/weir/merge_map.h \
	include/weir/quorum.h
