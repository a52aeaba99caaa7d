/* A decoded message as the JSON object that vectors have under "decoded". */
#ifndef WEIR_TESTS_VECTOR_MESSAGE_H
#define WEIR_TESTS_VECTOR_MESSAGE_H

#include <jansson.h>

#include <weir/codec.h>

json_t *vector_message(const struct weir_codec_message *m);

#endif
