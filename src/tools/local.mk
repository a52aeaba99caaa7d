# weir(1): a user of the library like any other. Its programs link $(WEIR) and nothing else of ours.
bin_PROGRAMS += %D%/weir
%C%_weir_LDADD = $(WEIR)
%C%_weir_SOURCES = \
	%D%/barriers.c \
	%D%/check.c \
	%D%/stat.c \
	%D%/tool.h \
	%D%/top.c \
	%D%/weir.c
