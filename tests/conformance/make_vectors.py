#!/usr/bin/env python3
"""Writes the vectors of data/more_*.json: bytes put together field by field, with what must come
out, by the description of the messages alone. No part of the library is used.

    make_vectors.py DIRECTORY"""

import json
import struct
import sys

NO32, NO64 = 2**32 - 1, 2**64 - 1
WIRE, DRIVER, MERGE, WEIR = 900, 901, 903, 1903
NAMES = {
    (MERGE, 1): "SequenceMergeMapAnnounce", (MERGE, 2): "SequenceMergeMapRequest",
    (MERGE, 3): "TimestampMergeMapAnnounce", (MERGE, 4): "TimestampMergeMapRequest",
    (WIRE, 4): "FrameDescriptor", (WIRE, 1): "ShmPoolAnnounce",
    (DRIVER, 6): "ShmDriverShutdown", (DRIVER, 7): "ShmLeaseRevoked",
    (WEIR, 1): "JoinBarrierReady",
}


def header(block, template, schema=MERGE, version=1):
    return struct.pack("<HHHH", block, template, schema, version)


def absent(value, null):
    return None if value == null else value


def text(value):
    return None if value is None else str(value)


def vector(name, data, reason="OK", decoded=None, apply="n/a", note="", decoder=None):
    v = {"name": name, "hex": data.hex(), "valid": reason == "OK", "reason": reason,
         "decoded": decoded}
    if apply is not None:
        v["apply"] = apply
    if decoder is not None:
        v["decoder"] = decoder
    v["note"] = note
    return v


# ---- maps ----

def sequence_rule(stream, kind, offset, window, extra=b""):
    data = struct.pack("<IBiI", stream, kind, -2**31 if offset is None else offset,
                       NO32 if window is None else window) + extra
    return data, {"input_stream_id": stream, "rule_type": kind, "offset": offset,
                  "window_size": window}


def timestamp_rule(stream, kind, source, offset, window, extra=b""):
    data = struct.pack("<IBBqQ", stream, kind, source, -2**63 if offset is None else offset,
                       NO64 if window is None else window) + extra
    return data, {"input_stream_id": stream, "rule_type": kind, "timestamp_source": source,
                  "offset_ns": text(offset), "window_ns": text(window)}


def group(rules, block, count=None):
    return struct.pack("<HH", block, len(rules) if count is None else count) + \
        b"".join(data for data, _ in rules)


def sequence_map(out, epoch, stale, rules, extra=b"", version=1, rule_block=13, count=None,
                 tail=b""):
    block = 20 + len(extra)
    data = header(block, 1, version=version)
    data += struct.pack("<IQQ", out, epoch, NO64 if stale is None else stale) + extra
    data += group(rules, rule_block, count)
    return data + tail, {
        "message": NAMES[MERGE, 1], "version": version, "block_length": block,
        "out_stream_id": out, "epoch": str(epoch), "stale_timeout_ns": text(stale),
        "rule_block_length": rule_block, "rules": [r for _, r in rules], "consumed": len(data)}


def timestamp_map(out, epoch, stale, clock, lateness, rules, extra=b"", version=1, rule_block=22,
                  count=None, tail=b""):
    block = 29 + len(extra)
    data = header(block, 3, version=version)
    data += struct.pack("<IQQBQ", out, epoch, NO64 if stale is None else stale, clock,
                        NO64 if lateness is None else lateness) + extra
    data += group(rules, rule_block, count)
    return data + tail, {
        "message": NAMES[MERGE, 3], "version": version, "block_length": block,
        "out_stream_id": out, "epoch": str(epoch), "stale_timeout_ns": text(stale),
        "clock_domain": clock, "lateness_ns": text(lateness),
        "effective_lateness_ns": text(lateness or 0), "rule_block_length": rule_block,
        "rules": [r for _, r in rules], "consumed": len(data)}


def request(template, out, epoch, extra=b"", version=1):
    block = 12 + len(extra)
    data = header(block, template, version=version) + struct.pack("<IQ", out, epoch) + extra
    return data, {"message": NAMES[MERGE, template], "version": version, "block_length": block,
                  "out_stream_id": out, "epoch": str(epoch), "consumed": len(data)}


def good(name, pair, apply="ACCEPT", note="", **more):
    return vector(name, pair[0], "OK", pair[1], apply, note, **more)


def bad(name, pair, reason, note="", **more):
    data = pair if isinstance(pair, bytes) else pair[0]
    return vector(name, data, reason, None, more.pop("apply", "n/a"), note, **more)


def evolution():
    seq = [sequence_rule(1, 0, 5, None), sequence_rule(2, 1, None, 6)]
    tsr = [timestamp_rule(1, 0, 1, 5, None), timestamp_rule(2, 1, 2, None, 6)]
    long_seq = [sequence_rule(1, 0, 5, None, b"\1\2\3"), sequence_rule(2, 1, None, 6, b"\4\5\6")]
    long_ts = [timestamp_rule(1, 0, 1, 5, None, b"\xff" * 10),
               timestamp_rule(2, 1, 2, None, 6, b"\0" * 10)]
    return [
        good("seq_ann_longer_root", sequence_map(9, 2, 3, seq, b"\xaa" * 7, 2)),
        good("seq_ann_longer_rule", sequence_map(9, 2, 3, long_seq, b"", 2, 16)),
        good("seq_ann_longer_both", sequence_map(9, 2, None, long_seq, b"\xff" * 100, 9, 16)),
        good("seq_ann_appended_group", sequence_map(9, 2, 3, seq, tail=struct.pack("<HHQ", 8, 1, 7))),
        good("seq_ann_trailing_bytes", sequence_map(9, 2, 3, seq, tail=b"\xde\xad\xbe\xef")),
        good("seq_ann_version0", sequence_map(9, 2, 3, seq, version=0)),
        good("seq_ann_version65535", sequence_map(9, 2, 3, seq, version=65535)),
        good("ts_ann_longer_root", timestamp_map(9, 2, 3, 1, 4, tsr, b"\x55" * 3, 2)),
        good("ts_ann_longer_rule", timestamp_map(9, 2, 3, 2, 4, long_ts, b"", 3, 32)),
        good("ts_ann_longer_both", timestamp_map(9, 2, 3, 1, 0, long_ts, b"\0", 2, 32)),
        good("ts_ann_appended_group",
             timestamp_map(9, 2, 3, 1, 4, tsr, tail=struct.pack("<HHQ", 8, 1, 7))),
        good("ts_ann_version3", timestamp_map(9, 2, 3, 1, 4, tsr, version=3)),
        good("ts_ann_0rules_group_block_7", timestamp_map(9, 2, 3, 1, 4, [], rule_block=7),
             "REJECT_EMPTY_RULES"),
    ]


def plain():
    seq = [sequence_rule(1, 0, 0, None), sequence_rule(2, 1, None, 4)]
    tsr = [timestamp_rule(10, 0, 1, -7, None), timestamp_rule(11, 0, 2, 8, None),
           timestamp_rule(12, 1, 1, None, 9)]
    many = [timestamp_rule(100 + i, i % 2, 1 + i // 2 % 2, None if i % 2 else -i,
                           i * 1000 if i % 2 else None) for i in range(64)]
    return [
        good("seq_req", request(2, 9, 42), "n/a"),
        good("ts_ann_2rules_mixed_sources", timestamp_map(5, 6, 7, 1, 8, tsr[:2])),
        good("ts_ann_null_stale_null_lateness", timestamp_map(5, 6, None, 2, None, tsr)),
        good("ts_ann_64rules", timestamp_map(9000, 1, 2, 1, 3, many)),
        good("ts_ann_0rules", timestamp_map(9, 1, None, 1, None, []), "REJECT_EMPTY_RULES"),
        good("ts_ann_zero_out_stream", timestamp_map(0, 1, None, 1, None, tsr),
             "REJECT_ZERO_STREAM"),
        good("ts_ann_zero_input_stream",
             timestamp_map(9, 1, None, 1, None, tsr[:1] + [timestamp_rule(0, 0, 1, 0, None)]),
             "REJECT_ZERO_STREAM"),
        good("ts_ann_trailing_bytes", timestamp_map(9, 1, 2, 1, 3, tsr, tail=b"\0" * 9)),
        good("seq_ann_103rules", sequence_map(
            9, 1, 2, [sequence_rule(1 + i, 0, -i, None) for i in range(103)])),
        good("seq_req_v1_trailing_bytes", (request(2, 9, 42)[0] + b"\1", request(2, 9, 42)[1]),
             "n/a"),
        good("seq_ann_signs", sequence_map(1, 2**63, 2**63, [
            sequence_rule(2**31, 0, -1, None), sequence_rule(3, 1, None, 2**31)])),
        good("ts_ann_signs", timestamp_map(1, 2**63, 2**63, 1, 2**63, [
            timestamp_rule(2**31, 0, 1, -1, None), timestamp_rule(3, 1, 1, None, 2**63)])),
    ], seq, tsr


def sequence_rules():
    def one(*args):
        return sequence_map(9, 1, None, [sequence_rule(*args)])
    return [
        bad("seq_rule_type_2", one(1, 2, 0, None), "RULE_TYPE"),
        bad("seq_rule_offset_only_window", one(1, 0, None, 4), "PARAM_MISSING"),
        bad("seq_rule_window_only_offset", one(1, 1, 4, None), "PARAM_MISSING"),
        bad("seq_rule_window_both_params", one(1, 1, 0, 4), "PARAM_CONFLICT"),
        bad("seq_rule_window_0_and_offset", one(1, 1, 0, 0), "PARAM_CONFLICT",
            "the conflict is looked at before the zero"),
        bad("seq_rule_bad_type_no_params", one(1, 7, None, None), "RULE_TYPE",
            "the type is looked at before the parameters"),
        bad("seq_rule_null_input_bad_type", one(NO32, 7, None, None), "REQUIRED_NULL",
            "the stream is looked at before the type"),
        bad("seq_rule_first_fault_counts", sequence_map(9, 1, None, [
            sequence_rule(1, 0, 0, None), sequence_rule(1, 1, None, 0), sequence_rule(1, 9, 0, None)]),
            "WINDOW_ZERO"),
        bad("seq_rule_last_of_many", sequence_map(9, 1, None, [
            sequence_rule(1 + i, 0, i, None) for i in range(63)] + [sequence_rule(64, 0, 1, 1)]),
            "PARAM_CONFLICT"),
        bad("seq_rule_bad_beyond_truncation", sequence_map(9, 1, None, [
            sequence_rule(1, 9, 0, None)], count=2), "TRUNCATED_RULES",
            "the size is looked at before the rules"),
        bad("seq_ann_out_null", sequence_map(NO32, 1, None, [sequence_rule(1, 0, 0, None)]),
            "REQUIRED_NULL", "policy"),
        bad("seq_ann_null_before_group", sequence_map(9, NO64, None, [], count=65535),
            "REQUIRED_NULL", "policy: the root is looked at before the group"),
        bad("seq_ann_count_65535_block_12",
            sequence_map(9, 1, None, [], rule_block=12, count=65535), "GROUP_COUNT"),
        bad("seq_ann_block_12_truncated", sequence_map(9, 1, None, [], rule_block=12, count=3),
            "GROUP_BLOCK_SHORT"),
        bad("seq_ann_group_block_0", sequence_map(9, 1, None, [], rule_block=0, count=65534),
            "GROUP_BLOCK_SHORT"),
    ]


def timestamp_rules():
    def one(*args):
        return timestamp_map(9, 1, None, 1, None, [timestamp_rule(*args)])

    def clock(c, **more):
        return timestamp_map(9, more.get("epoch", 1), None, c, None,
                             [timestamp_rule(1, 0, 1, 0, None)])
    return [
        bad("ts_rule_window_0", one(1, 1, 1, None, 0), "WINDOW_ZERO"),
        bad("ts_rule_offset_no_params", one(1, 0, 1, None, None), "PARAM_MISSING"),
        bad("ts_rule_offset_only_window", one(1, 0, 1, None, 4), "PARAM_MISSING"),
        bad("ts_rule_window_no_params", one(1, 1, 1, None, None), "PARAM_MISSING"),
        bad("ts_rule_window_only_offset", one(1, 1, 1, 4, None), "PARAM_MISSING"),
        bad("ts_rule_window_both", one(1, 1, 1, 4, 4), "PARAM_CONFLICT"),
        bad("ts_rule_source_255", one(1, 0, 255, 0, None), "TIMESTAMP_SOURCE"),
        bad("ts_rule_bad_type_bad_source", one(1, 9, 9, None, None), "RULE_TYPE"),
        bad("ts_rule_bad_source_no_params", one(1, 0, 9, None, None), "TIMESTAMP_SOURCE"),
        bad("ts_rule_input_null", one(NO32, 0, 1, 0, None), "REQUIRED_NULL", "policy"),
        bad("ts_ann_clock_255", clock(255), "CLOCK_DOMAIN"),
        bad("ts_ann_null_epoch_bad_clock", clock(9, epoch=NO64), "REQUIRED_NULL", "policy"),
        bad("ts_ann_bad_clock_no_group", clock(9)[0][:37], "CLOCK_DOMAIN",
            "the clock is looked at before the group"),
        bad("ts_req_epoch_null", request(4, 1, NO64), "REQUIRED_NULL", "policy"),
        bad("ts_ann_group_product_big",
            timestamp_map(9, 1, None, 1, None, [], rule_block=65535, count=65534),
            "TRUNCATED_RULES"),
    ]


def headers():
    bodies = {"seq_ann": sequence_map(9, 2, 50, [sequence_rule(1, 0, 0, None)])[0],
              "ts_ann": timestamp_map(9, 2, 50, 1, 3, [timestamp_rule(1, 0, 1, 0, None)])[0],
              "seq_req": request(2, 9, 42)[0], "ts_req": request(4, 9, 42)[0]}
    out = []
    for name, data in bodies.items():
        for schema in (900, 901, 902, 904, 1903, 65535):
            out.append(bad("%s_of_schema_%d" % (name, schema),
                           data[:4] + struct.pack("<H", schema) + data[6:], "SCHEMA"))
        for template in (0, 5, 255):
            out.append(bad("%s_template_%d" % (name, template),
                           data[:2] + struct.pack("<H", template) + data[4:], "TEMPLATE"))
        block, = struct.unpack_from("<H", data)
        for length, reason in ((0, "BLOCK_SHORT"), (block - 1, "BLOCK_SHORT"),
                               (len(data) - 7, "TRUNCATED_BLOCK"), (65535, "TRUNCATED_BLOCK")):
            out.append(bad("%s_block_%d" % (name, length),
                           struct.pack("<H", length) + data[2:], reason))
        if name.endswith("_ann"):
            out.append(bad("%s_block_to_the_end" % name,
                           struct.pack("<H", len(data) - 8) + data[2:], "TRUNCATED_GROUP_HEADER"))
    return out


def cut_reason(n, block, maps):
    if n < 8:
        return "SHORT_HEADER"
    if n < 8 + block:
        return "TRUNCATED_BLOCK"
    if maps and n < 8 + block + 4:
        return "TRUNCATED_GROUP_HEADER"
    return "TRUNCATED_RULES"


def cuts():
    """Every message, cut at every byte."""
    out = []
    whole = {"seq_ann": sequence_map(9, 2, 50, [sequence_rule(1, 0, 0, None),
                                                sequence_rule(2, 1, None, 4)])[0],
             "ts_ann": timestamp_map(7, 3, 100, 1, 10, [timestamp_rule(3, 0, 1, 0, None),
                                                        timestamp_rule(4, 1, 2, None, 1000)])[0],
             "seq_req": request(2, 9, 42)[0], "ts_req": request(4, 7, 3)[0]}
    for name, data in whole.items():
        block, = struct.unpack_from("<H", data)
        for n in range(len(data)):
            out.append(bad("%s_cut_%d" % (name, n), data[:n],
                           cut_reason(n, block, name.endswith("_ann"))))
    return out


def merge():
    first, _, _ = plain()
    return first + evolution() + sequence_rules() + timestamp_rules() + headers() + cuts()


# ---- frames ----

def frame(stream, epoch, seq, time=None, meta=None, trace=None, extra=b"", version=1,
          trace_bytes=None):
    block = 40 + len(extra)
    data = header(block, 4, WIRE, version) + struct.pack(
        "<IQQQIQ", stream, epoch, seq, NO64 if time is None else time,
        NO32 if meta is None else meta,
        trace_bytes if trace_bytes is not None else trace or 0) + extra
    return data, {"message": NAMES[WIRE, 4], "version": version, "block_length": block,
                  "stream_id": stream, "epoch": str(epoch), "seq": str(seq),
                  "timestamp_ns": text(time), "meta_version": meta, "trace_id": text(trace),
                  "consumed": len(data)}


def frames():
    data = frame(10001, 1, 7, 8, 9, 10)[0]
    out = [
        good("fd_all_fields", frame(10001, 2, 3, 4, 5, 6), None),
        good("fd_no_options", frame(10001, 2, 3), None),
        good("fd_zero", frame(0, 0, 0, 0, 0), None),
        good("fd_trace_null_of_64_bits", frame(1, 2, 3, 4, 5, trace_bytes=NO64), None,
             "some senders take 2^64-1 for the null"),
        good("fd_largest", frame(NO32 - 1, NO64 - 1, NO64 - 1, NO64 - 1, NO32 - 1, NO64 - 1), None),
        good("fd_version0", frame(1, 2, 3, 4, version=0), None),
        good("fd_longer", frame(1, 2, 3, 4, 5, 6, b"\xff" * 21, 7), None),
        bad("fd_stream_null", frame(NO32, 2, 3), "REQUIRED_NULL", "policy", apply=None),
        bad("fd_epoch_null", frame(1, NO64, 3), "REQUIRED_NULL", "policy", apply=None),
        bad("fd_seq_null", frame(1, 2, NO64), "REQUIRED_NULL", "policy", apply=None),
        bad("fd_block_0", struct.pack("<H", 0) + data[2:], "BLOCK_SHORT", apply=None),
        bad("fd_block_41", struct.pack("<H", 41) + data[2:], "TRUNCATED_BLOCK", apply=None),
        bad("fd_template_11", data[:2] + struct.pack("<H", 11) + data[4:], "TEMPLATE", apply=None),
        bad("fd_schema_901", data[:4] + struct.pack("<H", 901) + data[6:], "SCHEMA", apply=None),
    ]
    for n in range(len(data)):
        out.append(bad("fd_cut_at_%02d" % n, data[:n], cut_reason(n, 40, False), apply=None))
    return out


# ---- control ----

def pool(stream=10001, producer=5, epoch=6, time=7, clock=1, extra=b"", version=1, tail=None):
    block = 35 + len(extra)
    data = header(block, 1, WIRE, version) + struct.pack(
        "<IIQQBIIH", stream, producer, epoch, time, clock, 1, 8, 256) + extra
    if tail is None:
        tail = struct.pack("<HHI", 10, 0, 0)
    return data + tail, {
        "message": NAMES[WIRE, 1], "version": version, "block_length": block, "stream_id": stream,
        "producer_id": producer, "epoch": str(epoch), "timestamp_ns": str(time),
        "clock_domain": clock, "layout_version": 1, "header_nslots": 8, "header_slot_bytes": 256,
        "consumed": len(data)}


def shutdown(time=7, reason=1, extra=b"", version=1, tail=b"\0\0\0\0"):
    block = 9 + len(extra)
    data = header(block, 6, DRIVER, version) + struct.pack("<QB", time, reason) + extra
    return data + tail, {"message": NAMES[DRIVER, 6], "version": version, "block_length": block,
                         "timestamp_ns": str(time), "reason": reason, "consumed": len(data)}


def revoked(time=7, lease=8, stream=9, client=10, role=1, reason=2, extra=b"", version=1,
            tail=b"\0\0\0\0"):
    block = 26 + len(extra)
    data = header(block, 7, DRIVER, version) + struct.pack(
        "<QQIIBB", time, lease, stream, client, role, reason) + extra
    return data + tail, {"message": NAMES[DRIVER, 7], "version": version, "block_length": block,
                         "timestamp_ns": str(time), "lease_id": str(lease), "stream_id": stream,
                         "client_id": client, "role": role, "reason": reason,
                         "consumed": len(data)}


def ready(out=9, epoch=10, round_=11, time=12, participants=13, extra=b"", version=1):
    block = 32 + len(extra)
    data = header(block, 1, WEIR, version) + struct.pack(
        "<IQQQI", out, epoch, round_, NO64 if time is None else time, participants) + extra
    return data, {"message": NAMES[WEIR, 1], "version": version, "block_length": block,
                  "out_stream_id": out, "epoch": str(epoch), "round": str(round_),
                  "timestamp_ns": text(time), "participants": participants, "consumed": len(data)}


def control():
    def yes(name, pair, note="", decoder="all"):
        return good(name, pair, None, note, decoder=decoder)

    def no(name, pair, reason, note="", decoder="all"):
        return bad(name, pair, reason, note, apply=None, decoder=decoder)
    pools = struct.pack("<HHHIII", 10, 1, 1, 8, 4096, 5) + b"shm:x" + struct.pack("<I", 0)
    out = [
        yes("pool", pool()), yes("pool_realtime", pool(clock=2)),
        yes("pool_with_pools", pool(tail=pools), "what follows the root block is not looked at"),
        yes("pool_without_tail", pool(tail=b"")),
        yes("pool_v2_longer", pool(extra=b"\1\2\3", version=2)),
        no("pool_v2_strict", pool(version=2), "VERSION", decoder="strict"),
        no("pool_clock_0", pool(clock=0), "CLOCK_DOMAIN"),
        no("pool_clock_3", pool(clock=3), "CLOCK_DOMAIN"),
        no("pool_clock_255", pool(clock=255), "CLOCK_DOMAIN"),
        no("pool_stream_null", pool(stream=NO32), "REQUIRED_NULL"),
        no("pool_producer_null", pool(producer=NO32), "REQUIRED_NULL"),
        no("pool_epoch_null", pool(epoch=NO64), "REQUIRED_NULL"),
        no("pool_time_null", pool(time=NO64), "REQUIRED_NULL"),
        yes("shutdown", shutdown()), yes("shutdown_normal", shutdown(reason=0)),
        yes("shutdown_unknown_reason", shutdown(reason=77), "handed on as it comes"),
        yes("shutdown_v1_longer", shutdown(extra=b"\7")),
        yes("shutdown_v0", shutdown(version=0)),
        yes("shutdown_with_text", shutdown(tail=struct.pack("<I", 3) + b"bye")),
        no("shutdown_v2", shutdown(version=2), "VERSION", "versions of 901 are not read ahead"),
        no("shutdown_v2_short", shutdown(version=2)[0][:12], "VERSION",
           "the version is looked at before the block"),
        no("shutdown_reason_null", shutdown(reason=255), "REQUIRED_NULL"),
        no("shutdown_time_null", shutdown(time=NO64), "REQUIRED_NULL"),
        yes("revoked", revoked()), yes("revoked_consumer", revoked(role=2, reason=3)),
        yes("revoked_unknown_reason", revoked(role=9, reason=99), "handed on as it comes"),
        yes("revoked_largest", revoked(NO64 - 1, NO64 - 1, NO32 - 1, NO32 - 1, 254, 254)),
        no("revoked_v2", revoked(version=2), "VERSION"),
        no("revoked_time_null", revoked(time=NO64), "REQUIRED_NULL"),
        no("revoked_lease_null", revoked(lease=NO64), "REQUIRED_NULL"),
        no("revoked_stream_null", revoked(stream=NO32), "REQUIRED_NULL"),
        no("revoked_client_null", revoked(client=NO32), "REQUIRED_NULL"),
        no("revoked_role_null", revoked(role=255), "REQUIRED_NULL"),
        no("revoked_reason_null", revoked(reason=255), "REQUIRED_NULL"),
        yes("ready", ready()), yes("ready_without_time", ready(time=None)),
        yes("ready_v2_longer", ready(extra=b"\xff" * 9, version=2)),
        no("ready_out_null", ready(out=NO32), "REQUIRED_NULL"),
        no("ready_epoch_null", ready(epoch=NO64), "REQUIRED_NULL"),
        no("ready_round_null", ready(round_=NO64), "REQUIRED_NULL"),
        no("ready_participants_null", ready(participants=NO32), "REQUIRED_NULL"),
        no("ready_template_2", ready()[0][:2] + b"\2\0" + ready()[0][4:], "TEMPLATE"),
        no("frame_v2_strict", frame(1, 2, 3, version=2), "VERSION", decoder="strict"),
        no("seq_req_v2_strict", request(2, 9, 42, version=2), "VERSION", decoder="strict"),
        yes("seq_req_v1_strict", request(2, 9, 42), decoder="strict"),
        yes("frame_among_all", frame(1, 2, 3, 4, 5, 6)),
        no("schema_902", header(0, 1, 902), "SCHEMA"),
        no("wire_template_11", header(29, 11, WIRE) + bytes(29), "TEMPLATE"),
    ]
    for name, data, block in (("pool", pool(tail=b"")[0], 35), ("shutdown", shutdown(tail=b"")[0], 9),
                              ("revoked", revoked(tail=b"")[0], 26), ("ready", ready()[0], 32)):
        out.append(no(name + "_block_short", struct.pack("<H", block - 1) + data[2:], "BLOCK_SHORT"))
        for n in range(len(data)):
            out.append(no("%s_cut_%d" % (name, n), data[:n], cut_reason(n, block, False)))
    return out


def write(path, vectors):
    names = [v["name"] for v in vectors]
    assert len(names) == len(set(names)), [n for n in names if names.count(n) > 1]
    with open(path, "w", encoding="utf-8") as f:
        f.write("[\n" + ",\n".join(json.dumps(v) for v in vectors) + "\n]\n")


def main():
    where = sys.argv[1]
    write(where + "/more_merge_map_messages.json", merge())
    write(where + "/more_frame_descriptors.json", frames())
    write(where + "/control_messages.json", control())


if __name__ == "__main__":
    main()
