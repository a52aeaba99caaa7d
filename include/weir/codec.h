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
 * Pure: values in, values out; texts and regions of a decoded message point into its bytes.
 */

WEIR_BEGIN

#define WEIR_CODEC_HEADER 8u	   /* bytes */
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
	X(READY, JoinBarrierReady, WEIR_CODEC_SCHEMA_WEIR, 1, 32)                                  \
	X(ATTACH, ShmAttachRequest, WEIR_CODEC_SCHEMA_DRIVER, 1, 27)                               \
	X(ATTACHED, ShmAttachResponse, WEIR_CODEC_SCHEMA_DRIVER, 2, 54)                            \
	X(DETACH, ShmDetachRequest, WEIR_CODEC_SCHEMA_DRIVER, 3, 25)                               \
	X(DETACHED, ShmDetachResponse, WEIR_CODEC_SCHEMA_DRIVER, 4, 12)                            \
	X(KEEPALIVE, ShmLeaseKeepalive, WEIR_CODEC_SCHEMA_DRIVER, 5, 25)

/* Why bytes are not decoded: the reasons of merge maps, with the same numbers, and a few more. */
#define WEIR_CODEC_REASONS(X)                                                                      \
	WEIR_MERGE_REASONS(X)                                                                      \
	X(VERSION, "a version that must not be read")                                              \
	X(TRUNCATED_DATA, "the message ends within a pool or a text")                              \
	X(DATA_LONG, "a text is longer than it may be")                                            \
	X(INCOMPLETE, "an answer of OK that lacks a value, a pool or a place")

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
#define WEIR_CODEC_NO_TRACE 0u	      /* trace_id */
#define WEIR_CODEC_NO_MODE 255u	      /* publish_mode */
#define WEIR_CODEC_NO_U32 UINT32_MAX  /* node, stream and numbers of an answer */
#define WEIR_CODEC_NO_U64 UINT64_MAX  /* lease, expiry_ns, epoch of an answer */
#define WEIR_CODEC_NO_U16 UINT16_MAX  /* header_slot_bytes of an answer */

#define WEIR_CODEC_SLOT_BYTES 256u /* header_slot_bytes of an answer of OK */
#define WEIR_CODEC_POOLS_MAX 64u   /* of an answer */
#define WEIR_CODEC_URI_MAX 4096u   /* bytes of where a region is */
#define WEIR_CODEC_TEXT_MAX 1024u  /* bytes of a text for people */

enum weir_codec_code { /* of an answer; others as they come */
		       WEIR_CODEC_CODE_OK = 0,
		       WEIR_CODEC_CODE_UNSUPPORTED = 1,
		       WEIR_CODEC_CODE_INVALID_PARAMS = 2,
		       WEIR_CODEC_CODE_REJECTED = 3,
		       WEIR_CODEC_CODE_INTERNAL_ERROR = 4
};

enum weir_codec_role { /* of a lease */
		       WEIR_CODEC_ROLE_PRODUCER = 1,
		       WEIR_CODEC_ROLE_CONSUMER = 2,
		       WEIR_CODEC_ROLE_AUTHORITY = 3 /* announces maps; this library's own */
};

enum weir_codec_publish { WEIR_CODEC_REQUIRE_EXISTING = 1, WEIR_CODEC_EXISTING_OR_CREATE = 2 };

enum weir_codec_end { /* why a lease was revoked */
		      WEIR_CODEC_END_DETACHED = 1,
		      WEIR_CODEC_END_EXPIRED = 2,
		      WEIR_CODEC_END_REVOKED = 3
};

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
	uint32_t role;	 /* enum weir_codec_role; others as they come */
	uint32_t reason; /* enum weir_codec_end; others as they come */
};

/* The quorum of an output stream holds: the join may begin. */
struct weir_codec_ready {
	uint64_t epoch;
	uint64_t round;
	uint64_t time_ns; /* or WEIR_MERGE_TIME_NULL */
	uint32_t out;
	uint32_t participants;
};

/* Bytes of a message, or the caller's: no terminating zero. at may be NULL if len is 0. */
struct weir_codec_text {
	const char *at;
	uint32_t len;
	uint32_t reserved;
};

/* A pool of payload slots. */
struct weir_codec_region {
	struct weir_codec_text uri;
	uint32_t nslots;
	uint32_t stride;
	uint32_t id; /* below 65535 */
	uint32_t reserved;
};

/* Pools and the place of the header ring, as bytes of a message: see weir_codec_regions_make(). No
 * bytes: none of them. */
struct weir_codec_regions {
	const void *at;
	uint32_t len;
	uint32_t pools;
};

/* A client asks for a lease on a stream. */
struct weir_codec_attach {
	int64_t correlation; /* comes back with the answer; not INT64_MIN */
	uint32_t stream;
	uint32_t client;
	uint32_t role;		 /* enum weir_codec_role; others as they come */
	uint32_t layout_version; /* expected; 0: any */
	uint32_t publish_mode;	 /* enum weir_codec_publish, others as they come, or NO_MODE */
	uint32_t hugepages;	 /* 0 whichever, 1 without, 2 with; others as they come */
	uint32_t node;		 /* wanted, or WEIR_CODEC_NO_U32 */
	uint32_t reserved;
};

/* The answer. With code OK nothing may be absent, slots have WEIR_CODEC_SLOT_BYTES, there are pools,
 * each with as many slots as the header ring, and every place is named. */
struct weir_codec_attached {
	int64_t correlation;
	uint64_t lease;
	uint64_t expiry_ns;
	uint64_t epoch;
	int32_t code; /* enum weir_codec_code; others as they come */
	uint32_t stream;
	uint32_t layout_version;
	uint32_t header_nslots;
	uint32_t header_slot_bytes; /* or WEIR_CODEC_NO_U16 */
	uint32_t node;
	struct weir_codec_regions regions; /* the bytes decoded, or the caller's */
	struct weir_codec_text text;	   /* for people; likewise */
};

/* A client gives its lease back, and the answer. */
struct weir_codec_detach {
	int64_t correlation;
	uint64_t lease;
	uint32_t stream;
	uint32_t client;
	uint32_t role;
	uint32_t reserved;
};

struct weir_codec_detached {
	int64_t correlation;
	int32_t code;
	uint32_t reserved;
	struct weir_codec_text text;
};

/* A client is alive. */
struct weir_codec_keepalive {
	uint64_t lease;
	uint64_t time_ns;
	uint32_t stream;
	uint32_t client;
	uint32_t role;
	uint32_t reserved;
};

/* Any of the messages; kind says which member counts. */
struct weir_codec_message {
	uint32_t kind; /* enum weir_codec_kind */
	uint16_t version;
	uint16_t block_length; /* of the root, as sent */
	uint32_t rule_length;  /* of a rule of a map, as sent */
	uint32_t reserved;
	uint64_t consumed; /* bytes looked at: header, root block, rules, regions, text */
	union {
		struct weir_merge_map map;
		struct weir_codec_request request;
		struct weir_codec_frame frame;
		struct weir_codec_pool pool;
		struct weir_codec_shutdown shutdown;
		struct weir_codec_revoked revoked;
		struct weir_codec_ready ready;
		struct weir_codec_attach attach;
		struct weir_codec_attached attached;
		struct weir_codec_detach detach;
		struct weir_codec_detached detached;
		struct weir_codec_keepalive keepalive;
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

/* Regions from their parts, in buf: where the header ring is, and n pools. A place that is NULL is
 * empty. -EINVAL: a value is out of range, err says which; -ENOBUFS: cap is too small. O(bytes). */
WEIR_API WEIR_CHECK int weir_codec_regions_make(void *buf, size_t cap, const char *header_uri,
						const struct weir_codec_region *pool, uint32_t n,
						struct weir_codec_regions *regions,
						struct weir_error *err);

/* Pool i and the place of the header ring, of regions that were made or decoded. -EINVAL: there is
 * no such pool. O(pools). */
WEIR_API WEIR_CHECK int weir_codec_regions_pool(const struct weir_codec_regions *regions,
						uint32_t i, struct weir_codec_region *pool);
WEIR_API struct weir_codec_text weir_codec_regions_header(const struct weir_codec_regions *regions);

/* "FrameDescriptor" and so on; the words of the list of reasons, without prefix, and their texts;
 * "?" for a number that is none. */
WEIR_API const char *weir_codec_kind_name(unsigned kind);
WEIR_API const char *weir_codec_reason_name(unsigned reason);
WEIR_API const char *weir_codec_reason_text(unsigned reason);

WEIR_END
#endif
