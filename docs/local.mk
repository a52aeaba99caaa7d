# Pages for people; man pages go to dist_man_MANS.
EXTRA_DIST += \
	%D%/design/bench.md \
	%D%/design/drain.md \
	%D%/design/progress.md \
	%D%/design/ring.md \
	%D%/ordering.md

# Examples are built with the library, and installed as sources with a Makefile of their own.
noinst_PROGRAMS += %D%/examples/fence_files
%C%_examples_fence_files_LDADD = $(WEIR)
%C%_examples_fence_files_SOURCES = \
	%D%/examples/fence_collector.c \
	%D%/examples/fence_files.c \
	%D%/examples/fence_files.h \
	%D%/examples/fence_options.c \
	%D%/examples/fence_report.c \
	%D%/examples/fence_sender.c \
	%D%/examples/fence_sums.c

examplesdir = $(docdir)/examples
examples_DATA = %D%/examples/Makefile $(%C%_examples_fence_files_SOURCES)
EXTRA_DIST += %D%/examples/Makefile
