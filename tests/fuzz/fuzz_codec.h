/* What is fuzzed, and what was seen. */
#ifndef WEIR_TESTS_FUZZ_CODEC_H
#define WEIR_TESTS_FUZZ_CODEC_H

#include <weir/codec.h>

#define FUZZ_ROOM 4096u /* of the longest input */
#define FUZZ_RULES 40u  /* that there is room for */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern uint64_t fuzz_reasons[WEIR_CODEC_REASON_COUNT];

#endif
