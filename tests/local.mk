# Tests: unit/ (Check, one program per module), process/ (plain programs), explore/ (at each atomic step),
# conformance/ (data as JSON), fuzz/ (any bytes), and the scripts here. Exit status 77 is a skip, 99 a
# broken test, everything else but 0 a failure.

include %D%/unit/local.mk
include %D%/conformance/local.mk
include %D%/process/local.mk
include %D%/explore/local.mk
include %D%/fuzz/local.mk

SCRIPT_TESTS = \
	%D%/check-bench \
	%D%/check-configure \
	%D%/check-claims \
	%D%/check-docs \
	%D%/check-edges \
	%D%/check-headers \
	%D%/check-imports \
	%D%/check-install \
	%D%/check-instructions \
	%D%/check-layers \
	%D%/check-listed \
	%D%/check-peers \
	%D%/check-refusals \
	%D%/check-requirements \
	%D%/check-symbols \
	%D%/check-tokens \
	%D%/check-stray

TESTS += $(SCRIPT_TESTS)
EXTRA_DIST += \
	$(SCRIPT_TESTS) \
	%D%/c-lexer.awk \
	%D%/check-mutants \
	%D%/declared-symbols \
	%D%/doc-source.awk \
	%D%/install/consumer.c \
	%D%/install/symbols.c \
	%D%/layout.txt \
	%D%/lib.sh \
	%D%/update-map

AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
	CC='$(CC)' CXX='$(CXX)' NM='$(NM)' READELF='$(READELF)' PKG_CONFIG='$(PKG_CONFIG)' \
	MAKE='$(MAKE)' SANITIZER='$(SANITIZER)'; \
	export top_srcdir top_builddir CC CXX NM READELF PKG_CONFIG MAKE SANITIZER;
# Check ends a test after 4 s times that. What hangs is to be found, not what is slow.
AM_TESTS_ENVIRONMENT += : $${CK_TIMEOUT_MULTIPLIER=30}; export CK_TIMEOUT_MULTIPLIER;
if !SHARED
AM_TESTS_ENVIRONMENT += SHARED=no; export SHARED;
endif
if SANITIZE
AM_TESTS_ENVIRONMENT += \
	: $${ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1} \
	$${UBSAN_OPTIONS=print_stacktrace=1} \
	$${TSAN_OPTIONS=second_deadlock_stack=1}; \
	export ASAN_OPTIONS UBSAN_OPTIONS TSAN_OPTIONS;
endif
if TSAN
# Check would run each test in a forked child; ThreadSanitizer wants the threads in one process.
AM_TESTS_ENVIRONMENT += CK_FORK=no; export CK_FORK;
endif

# What is in /dev/shm before the tests; check-stray runs after all others and looks again.
check_DATA += %D%/shm.before
CLEANFILES += %D%/shm.before
%D%/shm.before: begin-check
	@$(MKDIR_P) %D%
	@find /dev/shm -maxdepth 1 -name '*weir*' 2>/dev/null | LC_ALL=C sort > $@
begin-check:
# Automake writes the rule; a variable as target adds prerequisites to it.
LAST_LOG = %D%/check-stray.log
$(LAST_LOG): $(filter-out $(LAST_LOG),$(TEST_LOGS))
# check-requirements looks at the results of the others.
RESULTS_LOG = %D%/check-requirements.log
$(RESULTS_LOG): $(filter-out $(RESULTS_LOG) $(LAST_LOG),$(TEST_LOGS))
.PHONY: begin-check

# ---- tables that follow the sources ----

update-map:
	$(srcdir)/%D%/update-map $(srcdir)/src/libweir.map \
		$(addprefix $(top_srcdir)/,$(pkginclude_HEADERS))
update-layout: %D%/unit/check_layout$(EXEEXT)
	%D%/unit/check_layout$(EXEEXT) --print > %D%/layout.new || { cat %D%/layout.new; exit 1; }
	cat %D%/layout.new > $(srcdir)/%D%/layout.txt
	@rm -f %D%/layout.new
.PHONY: update-map update-layout

# ---- lanes: the same suite, longer or built otherwise ----

# Lane NAME with configure arguments: builds and checks in lane-NAME/build what `make dist' would
# ship, from lane-NAME/tree. A copy, because a configured source tree cannot be built elsewhere too.
LANE = lane () { \
	name=$$1; shift; top=`pwd`/lane-$$name; \
	$(MKDIR_P) $$top/build && \
	$(MAKE) $(AM_MAKEFLAGS) distdir distdir=lane-$$name/tree top_distdir=lane-$$name/tree \
		> $$top/distdir.log 2>&1 || { cat $$top/distdir.log; return 1; }; \
	cd $$top/build && { \
		test -f Makefile && test "`cat ../arguments 2>/dev/null`" = "$$*" || \
		{ ../tree/configure "$$@" && echo "$$*" > ../arguments; }; \
	} && $(MAKE) $(AM_MAKEFLAGS) check; \
	}; lane

check-tsan:
	+@$(LANE) tsan --disable-bench --enable-sanitizer=thread CC='$(CC)' CXX='$(CXX)'
check-asan:
	+@$(LANE) asan --disable-bench --enable-sanitizer=address,undefined CC='$(CC)' CXX='$(CXX)'
check-clang:
	+@$(LANE) clang --enable-Werror CC=clang CXX=clang++
check-slow:
	WEIR_SLOW=1 CK_TIMEOUT_MULTIPLIER=$${CK_TIMEOUT_MULTIPLIER-60} $(MAKE) $(AM_MAKEFLAGS) check
check-mutants:
	$(AM_TESTS_ENVIRONMENT) $(srcdir)/%D%/check-mutants
clean-lanes:
	rm -rf lane-tsan lane-asan lane-clang
.PHONY: check-tsan check-asan check-clang check-slow check-mutants clean-lanes
