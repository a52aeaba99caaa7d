/* The words of messages and reasons, from the lists that make the enums. */
#include <weir/codec.h>

const char *weir_codec_kind_name(unsigned kind)
{
	static const char *const name[] = {
#define X(n, word, schema, id, block) #word,
		WEIR_CODEC_KINDS(X)
#undef X
	};

	return kind < WEIR_CODEC_KIND_COUNT ? name[kind] : "?";
}

const char *weir_codec_reason_name(unsigned reason)
{
	static const char *const name[] = {
#define X(n, text) #n,
		WEIR_CODEC_REASONS(X)
#undef X
	};

	return reason < WEIR_CODEC_REASON_COUNT ? name[reason] : "?";
}

const char *weir_codec_reason_text(unsigned reason)
{
	static const char *const text[] = {
#define X(n, t) t,
		WEIR_CODEC_REASONS(X)
#undef X
	};

	return reason < WEIR_CODEC_REASON_COUNT ? text[reason] : "?";
}
