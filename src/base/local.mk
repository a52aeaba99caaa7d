# Storey base: ordering, futex, mapping, liveness.
BASE = %D%/libbase.la

noinst_LTLIBRARIES += %D%/libbase.la
%C%_libbase_la_CFLAGS = $(AM_CFLAGS) $(WEIR_LIB_CFLAGS)
%C%_libbase_la_SOURCES = \
	%D%/copy.c \
	%D%/emit.c \
	%D%/env.c \
	%D%/error.c \
	%D%/os.h \
	%D%/region.c \
	%D%/region_create.c \
	%D%/region_dir.c \
	%D%/region_gc.c \
	%D%/region_lock.c \
	%D%/region_name.c \
	%D%/region_open.c \
	%D%/region_owner.c \
	%D%/region_priv.h \
	%D%/stats.c \
	%D%/wait.c

pkginclude_HEADERS += \
	include/weir/atomic.h \
	include/weir/base.h \
	include/weir/error.h \
	include/weir/region.h \
	include/weir/stats.h \
	include/weir/wait.h
