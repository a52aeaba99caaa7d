# Fuzzing. In `make check' the program makes its own inputs, a bounded number; `make fuzz' builds it
# with libFuzzer, where clang has it, and runs it until it is stopped or FUZZ_TIME seconds are over.

check_PROGRAMS += %D%/fuzz_codec
TESTS += %D%/fuzz_codec
%C%_fuzz_codec_LDADD = $(GATE)
%C%_fuzz_codec_SOURCES = \
	%D%/codec_inputs.c \
	%D%/fuzz_codec.c \
	%D%/fuzz_codec.h

FUZZ_CC = clang
FUZZ_TIME = 60
FUZZED = src/gate/codec.c src/gate/codec_data.c src/gate/codec_encode.c src/gate/codec_lease.c \
	src/gate/codec_names.c src/gate/codec_root.c src/gate/merge_map.c src/base/error.c

fuzz:
	@$(MKDIR_P) %D%/corpus
	$(FUZZ_CC) -std=c11 -D_GNU_SOURCE= -g -O1 -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all -I$(top_srcdir)/include -o %D%/fuzz_codec.libfuzzer \
		$(srcdir)/%D%/fuzz_codec.c $(addprefix $(top_srcdir)/,$(FUZZED))
	%D%/fuzz_codec.libfuzzer -max_len=4096 -max_total_time=$(FUZZ_TIME) %D%/corpus
clean-fuzz:
	rm -rf %D%/corpus %D%/fuzz_codec.libfuzzer
.PHONY: fuzz clean-fuzz
