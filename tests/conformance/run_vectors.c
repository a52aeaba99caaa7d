/* run_vectors FILE.json: the bytes of each vector through the codec, and the codec's values back.
 *
 * Each vector is decoded with a page behind it that must not be touched, and at eight addresses;
 * the reason, the decoded values and what a join says of the map are compared. Whatever is refused
 * must have left everything as it was. Valid messages are encoded again: to the same bytes, if they
 * have no more than version 1 has, else to bytes that mean the same.
 *
 * A file is an array of objects {name, hex, valid, reason, decoded, note}, with {apply} for maps. What
 * is looked for is the kind of message that the file is about: FrameDescriptor, or those of schema
 * 903; in a file with both, or without a valid message, those with {apply} are of 903. {decoder},
 * if present, says it instead: merge, frame, all or strict. Any other field fails the vector. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <weir/codec.h>
#include <weir/join.h>

#include "vector_message.h"

#define ROOM 65536u /* of the longest vector */
#define RULES 2048u
#define PLACES 8u

static uint8_t *fence; /* the first byte that must not be touched */
static struct weir_merge_rule rules[RULES], again[RULES];
static const char *name;
static int faults;

static void fault(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void fault(const char *format, ...)
{
	va_list ap;

	printf("FAIL %s: ", name);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
	faults++;
}

static void make_fence(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (ROOM + page - 1) / page * page;
	uint8_t *p =
		mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + room, page, PROT_NONE) != 0) {
		perror("run_vectors");
		exit(99);
	}
	fence = p + room;
}

/* ---- the fields of a vector ---- */

struct vector {
	uint8_t bytes[ROOM];
	size_t len;
	const char *reason;
	const char *apply; /* NULL: none */
	json_t *decoded;
	uint32_t accept;
	int valid;
};

static int nibble(char c)
{
	const char *digits = "0123456789abcdef", *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int)(at - digits);
}

static int parse_hex(struct vector *v, const char *hex)
{
	size_t i, n = strlen(hex);

	if (n % 2 != 0 || n / 2 > ROOM - PLACES)
		return 0;
	for (i = 0; i < n; i += 2) {
		int high = nibble(hex[i]), low = nibble(hex[i + 1]);

		if (high < 0 || low < 0)
			return 0;
		v->bytes[i / 2] = (uint8_t)(high * 16 + low);
	}
	v->len = n / 2;
	return 1;
}

static int known_reason(const char *reason)
{
	unsigned i;

	for (i = 0; i < WEIR_CODEC_REASON_COUNT; i++)
		if (strcmp(reason, weir_codec_reason_name(i)) == 0)
			return 1;
	return 0;
}

static int known_apply(const char *apply)
{
	return strcmp(apply, "n/a") == 0 || strcmp(apply, "ACCEPT") == 0 ||
	       strcmp(apply, "REJECT_EMPTY_RULES") == 0 || strcmp(apply, "REJECT_ZERO_STREAM") == 0;
}

/* What the file is about: WEIR_CODEC_MERGE, the bit of FRAME, or 0 when it does not say. */
static uint32_t subject(json_t *file)
{
	uint32_t seen = 0;
	json_t *o, *word;
	size_t i;

	json_array_foreach(file, i, o)
	{
		word = json_object_get(json_object_get(o, "decoded"), "message");
		if (word != NULL && json_is_string(word))
			seen |= strcmp(json_string_value(word), "FrameDescriptor") == 0
					? WEIR_CODEC_BIT(WEIR_CODEC_FRAME)
					: WEIR_CODEC_MERGE;
	}
	return seen == WEIR_CODEC_MERGE || seen == WEIR_CODEC_BIT(WEIR_CODEC_FRAME) ? seen : 0;
}

static int parse_decoder(struct vector *v, const char *decoder, uint32_t about)
{
	if (decoder == NULL && about != 0)
		v->accept = about;
	else if (decoder == NULL)
		v->accept = v->apply != NULL ? WEIR_CODEC_MERGE : WEIR_CODEC_BIT(WEIR_CODEC_FRAME);
	else if (strcmp(decoder, "merge") == 0)
		v->accept = WEIR_CODEC_MERGE;
	else if (strcmp(decoder, "frame") == 0)
		v->accept = WEIR_CODEC_BIT(WEIR_CODEC_FRAME);
	else if (strcmp(decoder, "all") == 0)
		v->accept = WEIR_CODEC_ALL;
	else if (strcmp(decoder, "strict") == 0)
		v->accept = WEIR_CODEC_ALL | WEIR_CODEC_STRICT;
	else
		return 0;
	return 1;
}

static int parse(struct vector *v, json_t *o, uint32_t about)
{
	const char *hex, *decoder = NULL, *note = NULL;
	json_error_t err;

	v->apply = NULL;
	if (json_unpack_ex(o, &err, JSON_STRICT, "{s:s, s:s, s:b, s:s, s:o, s?s, s?s, s?s}", "name",
			   &name, "hex", &hex, "valid", &v->valid, "reason", &v->reason, "decoded",
			   &v->decoded, "apply", &v->apply, "decoder", &decoder, "note",
			   &note) != 0)
		fault("%s", err.text);
	else if (!parse_hex(v, hex))
		fault("hex is odd, too long or not hex");
	else if (!known_reason(v->reason))
		fault("unknown reason %s", v->reason);
	else if (v->valid != (strcmp(v->reason, "OK") == 0) ||
		 v->valid != json_is_object(v->decoded) || (!v->valid && !json_is_null(v->decoded)))
		fault("valid, reason and decoded contradict each other");
	else if (v->apply != NULL && !known_apply(v->apply))
		fault("unknown apply %s", v->apply);
	else if (!parse_decoder(v, decoder, about))
		fault("unknown decoder %s", decoder);
	else
		return 1;
	return 0;
}

/* ---- what is done with it ---- */

static int all_are(const void *p, size_t n, uint8_t what)
{
	const uint8_t *b = p;
	size_t i;

	for (i = 0; i < n; i++)
		if (b[i] != what)
			return 0;
	return 1;
}

/* Decodes at the place `back` bytes before the fence; those between hold `fill`. */
static enum weir_codec_reason decode(const struct vector *v, size_t back, uint8_t fill,
				     uint32_t cap, struct weir_codec_message *m)
{
	uint8_t *at = fence - v->len - back;
	enum weir_codec_reason why;

	memset(rules, 0xa5, sizeof(rules));
	memset(m, 0xa5, sizeof(*m));
	memset(fence - back, fill, back);
	memcpy(at, v->bytes, v->len);
	why = weir_codec_decode(at, v->len, v->accept, rules, cap, m);
	if (why != WEIR_CODEC_OK &&
	    (!all_are(m, sizeof(*m), 0xa5) || !all_are(rules, sizeof(rules), 0xa5)))
		fault("refused, and something has changed");
	if (memcmp(at, v->bytes, v->len) != 0)
		fault("the bytes have changed");
	return why;
}

static void compare(const struct vector *v, size_t back, enum weir_codec_reason why,
		    const struct weir_codec_message *m)
{
	char *want, *is;
	json_t *got;

	if (strcmp(weir_codec_reason_name(why), v->reason) != 0) {
		fault("%zu bytes before the fence: reason %s, not %s", back,
		      weir_codec_reason_name(why), v->reason);
		return;
	}
	if (why != WEIR_CODEC_OK)
		return;
	got = vector_message(m);
	if (!json_equal(got, v->decoded)) {
		want = json_dumps(v->decoded, JSON_SORT_KEYS);
		is = json_dumps(got, JSON_SORT_KEYS);
		fault("%zu bytes before the fence: decoded\n  %s\nnot\n  %s", back, is, want);
		free(want);
		free(is);
	}
	json_decref(got);
}

static int is_map(const struct weir_codec_message *m)
{
	return m->kind == WEIR_CODEC_SEQUENCE_MAP || m->kind == WEIR_CODEC_TIMESTAMP_MAP;
}

/* What a join of that output says to the map. */
static const char *applied(const struct weir_merge_map *map)
{
	static uint8_t storage[1 << 21] WEIR_ALIGNED(WEIR_LINE);
	struct weir_span mem = {.ptr = storage, .len = sizeof(storage)};
	struct weir_join_config cfg;
	struct weir_join_fault why;
	enum weir_join_answer a;
	struct weir_error err;
	struct weir_join j;

	memset(&why, 0, sizeof(why));
	memset(&cfg, 0, sizeof(cfg));
	cfg.struct_size = sizeof(cfg);
	cfg.out = map->out != 0 ? map->out : 1;
	cfg.mode = map->kind == WEIR_MERGE_SEQUENCE ? WEIR_JOIN_SEQUENCE : WEIR_JOIN_TIMESTAMP;
	cfg.max_rules = RULES;
	if (weir_join_init(&j, &cfg, mem, &err) != WEIR_OK) {
		fault("no join: %s %llu %llu", err.what, (unsigned long long)err.value,
		      (unsigned long long)err.limit);
		return "?";
	}
	a = weir_join_apply(&j, map, 1, &why);
	if (map->out == 0 && a != WEIR_JOIN_OK) /* of no output at all */
		return "REJECT_ZERO_STREAM";
	if (a == WEIR_JOIN_INVALID && why.reason == WEIR_MERGE_EMPTY_RULES)
		return "REJECT_EMPTY_RULES";
	if (a == WEIR_JOIN_INVALID && why.reason == WEIR_MERGE_ZERO_STREAM)
		return "REJECT_ZERO_STREAM";
	return a == WEIR_JOIN_OK ? "ACCEPT" : weir_join_answer_name(a);
}

static void check_apply(const struct vector *v, const struct weir_codec_message *m)
{
	const char *said = v->valid && is_map(m) ? applied(&m->map) : "n/a";

	if (v->apply != NULL && strcmp(said, v->apply) != 0)
		fault("apply %s, not %s", said, v->apply);
}

/* Room for one rule less than there are. */
static void check_capacity(const struct vector *v)
{
	struct weir_codec_message m;
	enum weir_codec_reason why = decode(v, 0, 0, RULES, &m);
	uint32_t n;

	if (why != WEIR_CODEC_OK || !is_map(&m) || m.map.n_rules == 0)
		return;
	n = m.map.n_rules;
	why = decode(v, 0, 0, n - 1, &m);
	if (why != WEIR_CODEC_CAPACITY)
		fault("no room for the last rule: %s", weir_codec_reason_name(why));
	why = decode(v, 0, 0, n, &m);
	if (why != WEIR_CODEC_OK)
		fault("room for all the rules: %s", weir_codec_reason_name(why));
}

/* Whether the bytes are just what version 1 has: the encoder must make the same. */
static int plain(const struct vector *v, const struct weir_codec_message *m, size_t len)
{
	if (m->version != 1 || len != v->len)
		return 0;
	if (m->kind == WEIR_CODEC_FRAME && all_are(v->bytes + 40, 8, 0xff))
		return 0; /* the other null of the trace */
	if (is_map(m) && m->map.n_rules == 0 &&
	    m->rule_length != (m->kind == WEIR_CODEC_SEQUENCE_MAP ? 13 : 22))
		return 0;
	if (m->kind == WEIR_CODEC_POOL || m->kind == WEIR_CODEC_SHUTDOWN ||
	    m->kind == WEIR_CODEC_REVOKED)
		return all_are(v->bytes + m->consumed + (m->kind == WEIR_CODEC_POOL ? 2 : 0),
			       v->len - m->consumed - (m->kind == WEIR_CODEC_POOL ? 2 : 0), 0);
	return m->consumed == v->len;
}

/* Encodes the values again, with the fence behind the room. */
static void check_encode(const struct vector *v, const struct weir_codec_message *m)
{
	size_t len = weir_codec_length(m), said = 77;
	uint8_t *at = fence - len;
	struct weir_codec_message back;
	struct weir_error err;

	memset(at, 0xa5, len);
	if (len == 0 || weir_codec_encode(m, at, len - 1, &said, &err) != -ENOBUFS ||
	    err.limit != len || said != 77 || !all_are(at, len, 0xa5))
		fault("too little room, and no word of it");
	if (weir_codec_encode(m, at, len, &said, &err) != WEIR_OK || said != len) {
		fault("not encoded: %s", err.what);
		return;
	}
	if (plain(v, m, len) && memcmp(at, v->bytes, len) != 0)
		fault("encoded otherwise");
	memset(again, 0, sizeof(again));
	if (weir_codec_decode(at, len, WEIR_CODEC_ALL | WEIR_CODEC_STRICT, again, RULES, &back) !=
	    WEIR_CODEC_OK) {
		fault("encoded to what is refused");
		return;
	}
	if (back.kind != m->kind || back.version != 1)
		fault("encoded as something else");
	else if (is_map(m) ? !weir_merge_map_equal(&m->map, &back.map)
			   : memcmp(&m->map, &back.map, sizeof(m->map)) != 0)
		fault("encoded to what means something else");
}

static void run(const struct vector *v)
{
	static const uint8_t fill[] = {0x00, 0xff, 0x01};
	struct weir_codec_message m;
	enum weir_codec_reason why;
	size_t back, i;

	for (back = 0; back < PLACES; back++) {
		for (i = 0; i < (back == 0 ? 1 : sizeof(fill)); i++) {
			why = decode(v, back, fill[i], RULES, &m);
			compare(v, back, why, &m);
		}
	}
	if (faults > 0)
		return;
	check_apply(v, &m);
	if (v->valid)
		check_encode(v, &m);
	check_capacity(v);
}

int main(int argc, char **argv)
{
	static struct vector v;
	json_error_t err;
	json_t *file, *o;
	size_t i, failed = 0;
	uint32_t about;

	if (argc != 2) {
		fprintf(stderr, "usage: run_vectors FILE.json\n");
		return 99;
	}
	file = json_load_file(argv[1], JSON_REJECT_DUPLICATES, &err);
	if (!json_is_array(file)) {
		fprintf(stderr, "%s:%d: %s\n", argv[1], err.line,
			file == NULL ? err.text : "not an array of vectors");
		return 99;
	}
	make_fence();
	about = subject(file);
	json_array_foreach(file, i, o)
	{
		name = "?";
		faults = 0;
		if (parse(&v, o, about))
			run(&v);
		failed += faults > 0;
	}
	printf("%zu passed, %zu failed\n", json_array_size(file) - failed, failed);
	json_decref(file);
	return failed > 0;
}
