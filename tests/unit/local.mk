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
	%D%/check_ring

%C%_check_error_LDADD = $(BASE) $(UNIT_LIBS)
%C%_check_region_LDADD = $(BASE) $(UNIT_LIBS)
%C%_check_region_map_LDADD = $(BASE) $(UNIT_LIBS)
%C%_check_stats_LDADD = $(BASE) $(UNIT_LIBS)
%C%_check_wait_LDADD = $(BASE) $(UNIT_LIBS)

%C%_check_drain_LDADD = $(FLOW) $(UNIT_LIBS)
%C%_check_progress_LDADD = $(FLOW) $(UNIT_LIBS)
%C%_check_ring_LDADD = $(FLOW) $(UNIT_LIBS)

noinst_HEADERS += \
	%D%/flow_fixture.h

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
%C%_check_alloc_LDADD = $(FLOW)
endif
