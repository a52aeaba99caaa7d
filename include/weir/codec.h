/* weir/codec.h - storey gate: the messages of a join, to and from their bytes. Needs: base, error,
 * merge_map. */
#ifndef WEIR_CODEC_H
#define WEIR_CODEC_H

#include <errno.h>

#include <weir/base.h>
#include <weir/error.h>
#include <weir/merge_map.h>

/*
 * Simple Binary Encoding, little endian, without padding: an 8-byte header {block length, template,
 * schema, version: u16 each}, a root block, and for maps a group of rules. Bytes may lie at any
 * address; none beyond `len` is read. A longer root block or rule is a later version's: what it has
 * more is passed over. What a field may lack holds its null value in the structs, as on the wire.
 * Pure: values in, values out; no call keeps a pointer to the bytes.
 */

WEIR_BEGIN

#define WEIR_CODEC_HEADER 8u       /* bytes */
#define WEIR_CODEC_GROUP_HEADER 4u /* bytes */

#define WEIR_CODEC_SCHEMA_WIRE 900u   /* frames, pools */
#define WEIR_CODEC_SCHEMA_DRIVER 901u /* leases; a version above 1 is refused, as its rules say */
#define WEIR_CODEC_SCHEMA_MERGE 903u  /* maps */
#define WEIR_CODEC_SCHEMA_WEIR 1903u  /* this library's own */

/* X(name, word, schema, template, root block of version 1 in bytes). Template numbers are taken for
 * good. */
#define WEIR_CODEC_KINDS(X)                                                                        \
	X(SEQUENCE_MAP, SequenceMergeMapAnnounce, WEIR_CODEC_SCHEMA_MERGE, 1, 20)                  \
	X(SEQUENCE_REQUEST, SequenceMergeMapRequest, WEIR_CODEC_SCHEMA_MERGE, 2, 12)               \
	X(TIMESTAMP_MAP, TimestampMergeMapAnnounce, WEIR_CODEC_SCHEMA_MERGE, 3, 29)                \
	X(TIMESTAMP_REQUEST, TimestampMergeMapRequest, WEIR_CODEC_SCHEMA_MERGE, 4, 12)             \
	X(FRAME, FrameDescriptor, WEIR_CODEC_SCHEMA_WIRE, 4, 40)                                   \
	X(POOL, ShmPoolAnnounce, WEIR_CODEC_SCHEMA_WIRE, 1, 35)                                    \
	X(SHUTDOWN, ShmDriverShutdown, WEIR_CODEC_SCHEMA_DRIVER, 6, 9)                             \
	X(REVOKED, ShmLeaseRevoked, WEIR_CODEC_SCHEMA_DRIVER, 7, 26)                               \
	X(READY, JoinBarrierReady, WEIR_CODEC_SCHEMA_WEIR, 1, 32)

/* Why bytes are not decoded: the reasons of merge maps, with the same numbers, and one more. */
#define WEIR_CODEC_REASONS(X)                                                                      \
	WEIR_MERGE_REASONS(X)                                                                      \
	X(VERSION, "a version that must not be read")

enum weir_codec_kind {
#define WEIR_PRIV_X(name, word, schema, id, block) WEIR_CODEC_##name,
	WEIR_CODEC_KINDS(WEIR_PRIV_X)
#undef WEIR_PRIV_X
		WEIR_CODEC_KIND_COUNT
};

enum weir_codec_reason {
#define WEIR_PRIV_X(name, text) WEIR_CODEC_##name,
	WEIR_CODEC_REASONS(WEIR_PRIV_X)
#undef WEIR_PRIV_X
		WEIR_CODEC_REASON_COUNT
};

/* What to decode: a bit per kind. */
#define WEIR_CODEC_BIT(kind) (WEIR_U32(1) << (kind))
#define WEIR_CODEC_ALL (WEIR_CODEC_BIT(WEIR_CODEC_KIND_COUNT) - 1u)
#define WEIR_CODEC_MERGE                                                                           \
	(WEIR_CODEC_BIT(WEIR_CODEC_SEQUENCE_MAP) | WEIR_CODEC_BIT(WEIR_CODEC_SEQUENCE_REQUEST) |   \
	 WEIR_CODEC_BIT(WEIR_CODEC_TIMESTAMP_MAP) | WEIR_CODEC_BIT(WEIR_CODEC_TIMESTAMP_REQUEST))
/* Besides: refuse versions above 1 of every schema. */
#define WEIR_CODEC_STRICT (WEIR_U32(1) << 31)

#define WEIR_CODEC_NO_META UINT32_MAX /* meta_version */
#define WEIR_CODEC_NO_TRACE 0u        /* trace_id */

/* Who lacks the map of an output stream in an epoch asks for it. */
struct weir_codec_request {
	uint64_t epoch;
	uint32_t out;
	uint32_t reserved;
};

/* A frame is there. */
struct weir_codec_frame {
	uint64_t epoch;
	uint64_t seq;
	uint64_t time_ns;  /* or WEIR_MERGE_TIME_NULL */
	uint64_t trace_id; /* or WEIR_CODEC_NO_TRACE */
	uint32_t stream;
	uint32_t meta_version; /* or WEIR_CODEC_NO_META */
};

/* A stream with its epoch and clock. Pools and places of memory, which follow, are not decoded, and
 * encoded as none. */
struct weir_codec_pool {
	uint64_t epoch;
	uint64_t time_ns;
	uint32_t stream;
	uint32_t producer;
	uint32_t clock; /* enum weir_merge_clock */
	uint32_t layout_version;
	uint32_t header_nslots;
	uint16_t header_slot_bytes;
	uint16_t reserved;
};

/* The driver goes down: all leases are void. */
struct weir_codec_shutdown {
	uint64_t time_ns;
	uint32_t reason; /* 0 normal, 1 admin, 2 error; others as they come */
	uint32_t reserved;
};

/* A lease is void: the client has left, or is taken for dead. */
struct weir_codec_revoked {
	uint64_t time_ns;
	uint64_t lease;
	uint32_t stream;
	uint32_t client;
	uint32_t role;   /* 1 producer, 2 consumer; others as they come */
	uint32_t reason; /* 1 detached, 2 expired, 3 revoked; others as they come */
};

/* The quorum of an output stream holds: the join may begin. */
struct weir_codec_ready {
	uint64_t epoch;
	uint64_t round;
	uint64_t time_ns; /* or WEIR_MERGE_TIME_NULL */
	uint32_t out;
	uint32_t participants;
};

/* Any of the messages; kind says which member counts. */
struct weir_codec_message {
	uint32_t kind; /* enum weir_codec_kind */
	uint16_t version;
	uint16_t block_length; /* of the root, as sent */
	uint32_t rule_length;  /* of a rule of a map, as sent */
	uint32_t reserved;
	uint64_t consumed; /* bytes that were looked at: header, root block, rules */
	union {
		struct weir_merge_map map;
		struct weir_codec_request request;
		struct weir_codec_frame frame;
		struct weir_codec_pool pool;
		struct weir_codec_shutdown shutdown;
		struct weir_codec_revoked revoked;
		struct weir_codec_ready ready;
	};
};

/* The message at buf, if it is of a kind in `accept`: WEIR_CODEC_BIT() of each, or WEIR_CODEC_ALL.
 * rules: room for the rules of a map, `cap` of them, to which m->map then points. Of malformed bytes
 * the first fault is the reason, in the order of the list of reasons; SCHEMA and TEMPLATE say that
 * the message is for somebody else. Nothing is stored unless the reason is OK. O(rules). */
WEIR_API WEIR_CHECK enum weir_codec_reason weir_codec_decode(const void *buf, size_t len,
							     uint32_t accept,
							     struct weir_merge_rule *rules,
							     uint32_t cap,
							     struct weir_codec_message *m);

/* Bytes of an encoded map with so many rules, and of any message; 0: no such kind, or more than
 * WEIR_MERGE_RULES_MAX rules. Wait-free. */
WEIR_API size_t weir_codec_map_length(enum weir_merge_kind kind, uint32_t n_rules);
WEIR_API size_t weir_codec_length(const struct weir_codec_message *m);

/* Writes the message in version 1; *len is its full length. version, block_length, rule_length and
 * consumed are not looked at. -EINVAL: the decoder would refuse it; err then has the reason's text,
 * as value the rule or 0, and as limit the reason. -ENOBUFS: cap is below weir_codec_length().
 * O(rules). */
WEIR_API WEIR_CHECK int weir_codec_encode(const struct weir_codec_message *m, void *buf, size_t cap,
					  size_t *len, struct weir_error *err);

/* A message with that map. */
WEIR_API struct weir_codec_message weir_codec_of_map(const struct weir_merge_map *map);

/* A request for the map of that kind of an output stream in an epoch. */
WEIR_API struct weir_codec_message weir_codec_ask(enum weir_merge_kind kind, uint32_t out,
						  uint64_t epoch);

/* "FrameDescriptor" and so on; the words of the list of reasons, without prefix, and their texts;
 * "?" for a number that is none. */
WEIR_API const char *weir_codec_kind_name(unsigned kind);
WEIR_API const char *weir_codec_reason_name(unsigned reason);
WEIR_API const char *weir_codec_reason_text(unsigned reason);

WEIR_END
#endif
