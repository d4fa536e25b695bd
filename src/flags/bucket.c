/*
 * bucket.c: from a text to a position in a split, and to an arm.  Pure.
 *
 * Murmur3 (32 bit) is Austin Appleby's MurmurHash3_x86_32, fnv1a Fowler, Noll
 * and Vo's FNV-1a of 32 bits.
 */
#include "common/compat.h"

#include <math.h>

#include "common/cryptohash.h"
#include "common/md5.h"
#include "common/sha1.h"
#include "common/sha2.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/pg_crc.h"

#include "flags/bucket.h"

#define FNV1A_OFFSET 0x811C9DC5
#define FNV1A_PRIME 0x01000193

/* Bytes of the longest digest. */
#define DIGEST_MAX PG_SHA256_DIGEST_LENGTH

static bool hash_32(const WfSplit *split, WfString input, uint32 *hash);
static uint32 murmur3_of_units(WfString text);
static bool digest(pg_cryptohash_type type, WfString text, uint8 *result, size_t size);
static bool leading_bits(pg_cryptohash_type type, size_t size, WfString text, int bits, uint64 *result);
static bool percent_of_digest(WfString text, double *position);
static WfString whole_input(const WfSplit *split, WfString input);
static uint32 next_code_unit(const unsigned char **at, const unsigned char *end, uint32 *pending);

/* Starts a hash; seed is murmur3's own. */
void
wf_flags_murmur3_begin(WfMurmur3 *state, uint32 seed)
{
	state->hash = seed;
	state->carry = 0;
	state->ncarry = 0;
	state->length = 0;
}

/* Takes in len bytes, so that what follows need not hash them again. */
void
wf_flags_murmur3_add(WfMurmur3 *state, const char *data, int len)
{
	state->length += (uint32) len;
	for (; len > 0; len--, data++)
	{
		state->carry |= (uint32) (unsigned char) *data << (8 * state->ncarry);
		if (++state->ncarry == 4)
		{
			state->hash = wf_flags_murmur3_mix(state->hash, state->carry);
			state->carry = 0;
			state->ncarry = 0;
		}
	}
}

/* Murmur3 of len bytes. */
uint32
wf_flags_murmur3(const char *data, int len, uint32 seed)
{
	WfMurmur3	state;

	wf_flags_murmur3_begin(&state, seed);
	return wf_flags_murmur3_finish(&state, data, len);
}

/* Fnv1a of UTF-8 text, by its bytes or by its UTF-16 code units. */
uint32
wf_flags_fnv1a(WfString text, WfEncoding encoding)
{
	const unsigned char *at = (const unsigned char *) text.data;
	const unsigned char *end = at + text.len;
	uint32		hash = FNV1A_OFFSET;
	uint32		pending = 0;

	while (at < end || pending)
	{
		hash ^= encoding == WF_ENCODING_UTF16_UNITS ? next_code_unit(&at, end, &pending) : *at++;
		hash *= FNV1A_PRIME;
	}
	return hash;
}

/* A text as it is hashed: the same user has one bucket in all databases. */
WfString
wf_flags_encode_text(WfString text, bool converts)
{
	if (converts)
	{
		char	   *converted = pg_server_to_any(text.data, text.len, PG_UTF8);

		if (converted != text.data)
		{
			text.data = converted;
			text.len = strlen(converted);
		}
	}
	return text;
}

/* UTF-8 text as the low bytes of its UTF-16 code units. */
WfString
wf_flags_encode_low(WfString text)
{
	const unsigned char *at = (const unsigned char *) text.data;
	const unsigned char *end = at + text.len;
	char	   *bytes = palloc(Max(text.len, 1));
	WfString	result = {bytes, 0};
	uint32		pending = 0;

	while (at < end || pending)
		bytes[result.len++] = (char) (next_code_unit(&at, end, &pending) & 0xFF);
	return result;
}

/*
 * Position of an input, the text of the split's attribute.  False where the
 * server's cryptographic library refuses the hash.
 */
bool
wf_flags_split_position(const WfSplit *split, WfString input, double *position)
{
	uint64		bits;
	uint32		hash;

	input = wf_flags_encode_text(input, split->converts);
	switch (split->hash)
	{
		case WF_HASH_SHA1_60:
			if (!leading_bits(PG_SHA1, SHA1_DIGEST_LENGTH, whole_input(split, input), 60, &bits))
				return false;
			break;
		case WF_HASH_SHA256_64:
			if (!leading_bits(PG_SHA256, PG_SHA256_DIGEST_LENGTH, whole_input(split, input), 64, &bits))
				return false;
			break;
		case WF_HASH_MD5:
			return percent_of_digest(whole_input(split, input), position);
		default:
			if (!hash_32(split, input, &hash))
				return false;
			bits = hash;
			break;
	}

	switch (split->reduction)
	{
		case WF_REDUCTION_MULTIPLY:
			*position = wf_flags_multiply((uint32) bits, split->total);
			return true;
		case WF_REDUCTION_MODULO:
			*position = (double) (bits % split->total);
			return true;
		case WF_REDUCTION_MODULO_FROM_1:
			*position = (double) (bits % split->total + 1);
			return true;
		case WF_REDUCTION_MODULO_SHARE:
			*position = (double) (bits % split->total) / split->total;
			return true;
		case WF_REDUCTION_SHARE_60:
			*position = (double) bits / (double) UINT64CONST(0xFFFFFFFFFFFFFFF);
			return true;
		case WF_REDUCTION_SHARE_60_SINGLE:
			*position = (float) bits / (float) UINT64CONST(0xFFFFFFFFFFFFFFF);
			return true;
		case WF_REDUCTION_ABS_PERCENT:
			*position = fabs((double) (int32) bits) / PG_INT32_MAX * 100;
			return true;
		case WF_REDUCTION_PERCENT_9998:
			return false;		/* md5 only */
	}
	return false;
}

/* The arm that a position falls into, or -1. */
int
wf_flags_split_arm(const WfSplit *split, double position)
{
	for (int i = 0; i < split->narms; i++)
	{
		const WfArm *arm = &split->arms[i];

		if (position >= arm->lower &&
			(split->comparison == WF_COMPARISON_BELOW ? position < arm->upper : position <= arm->upper))
			return i;
	}
	return split->last_takes_rest ? split->narms - 1 : -1;
}

static bool
hash_32(const WfSplit *split, WfString input, uint32 *hash)
{
	WfString	text;
	char		digits[12];
	pg_crc32	crc;

	if (split->hash == WF_HASH_MURMUR3_32 && split->encoding == WF_ENCODING_TEXT && split->suffix.len == 0)
	{
		*hash = wf_flags_murmur3_finish(&split->murmur3, input.data, input.len);
		return true;
	}

	text = whole_input(split, input);
	switch (split->hash)
	{
		case WF_HASH_MURMUR3_32:
			{
				WfMurmur3	state = split->murmur3;

				if (split->encoding == WF_ENCODING_UTF16_UNITS)
				{
					*hash = murmur3_of_units(text);
					return true;
				}
				if (split->encoding == WF_ENCODING_UTF16_LOW)
					input = wf_flags_encode_low(input);
				wf_flags_murmur3_add(&state, input.data, input.len);
				*hash = wf_flags_murmur3_finish(&state, split->suffix.data, split->suffix.len);
				return true;
			}
		case WF_HASH_FNV1A_32:
			*hash = wf_flags_fnv1a(text, split->encoding);
			return true;
		case WF_HASH_FNV1A_32_TWICE:
			snprintf(digits, sizeof(digits), "%u", wf_flags_fnv1a(text, split->encoding));
			*hash = wf_flags_fnv1a(wf_flags_string(digits), WF_ENCODING_TEXT);
			return true;
		case WF_HASH_CRC_32:
			INIT_TRADITIONAL_CRC32(crc);
			COMP_TRADITIONAL_CRC32(crc, text.data, text.len);
			FIN_TRADITIONAL_CRC32(crc);
			*hash = crc;
			return true;
		default:
			return false;
	}
}

/*
 * Murmur3 of UTF-16 code units, as Jens Taylor's imurmurhash for JavaScript has
 * it: units beyond a byte run into their neighbours, and a rest whose highest
 * bit they have set is left out.  For ASCII it is murmur3 of the bytes.
 */
static uint32
murmur3_of_units(WfString text)
{
	const unsigned char *at = (const unsigned char *) text.data;
	const unsigned char *end = at + text.len;
	uint32		hash = 0;
	uint32		word = 0;
	uint32		length = 0;
	uint32		pending = 0;

	while (at < end || pending)
	{
		uint32		unit = next_code_unit(&at, end, &pending);

		switch (length++ % 4)
		{
			case 0:
				word = unit;
				break;
			case 1:
				word ^= unit << 8;
				break;
			case 2:
				word ^= unit << 16;
				break;
			case 3:
				word ^= unit << 24 ^ unit >> 8;
				hash = wf_flags_murmur3_mix(hash, word);
				word = 0;
				break;
		}
	}
	if ((int32) word > 0)
		hash ^= wf_flags_murmur3_word(word);
	return wf_flags_murmur3_end(hash, length);
}

static bool
digest(pg_cryptohash_type type, WfString text, uint8 *result, size_t size)
{
	pg_cryptohash_ctx *state = pg_cryptohash_create(type);
	bool		done = pg_cryptohash_init(state) >= 0 &&
	pg_cryptohash_update(state, (const uint8 *) text.data, text.len) >= 0 &&
	pg_cryptohash_final(state, result, size) >= 0;

	pg_cryptohash_free(state);
	return done;
}

static bool
leading_bits(pg_cryptohash_type type, size_t size, WfString text, int bits, uint64 *result)
{
	uint8		bytes[DIGEST_MAX];

	if (!digest(type, text, bytes, size))
		return false;
	*result = 0;
	for (int i = 0; i < 8; i++)
		*result = *result << 8 | bytes[i];
	*result >>= 64 - bits;
	return true;
}

/* Md5 as one number, % 9999 / 9998 * 100, which 100 must not be. */
static bool
percent_of_digest(WfString text, double *position)
{
	StringInfoData repeated;

	initStringInfo(&repeated);
	appendBinaryStringInfo(&repeated, text.data, text.len);
	for (;;)
	{
		uint8		bytes[MD5_DIGEST_LENGTH];
		WfString	input = {repeated.data, repeated.len};
		uint32		rest = 0;

		if (!digest(PG_MD5, input, bytes, sizeof(bytes)))
			return false;
		for (int i = 0; i < MD5_DIGEST_LENGTH; i++)
			rest = (rest << 8 | bytes[i]) % 9999;
		if (rest < 9998)
		{
			*position = rest / 9998.0 * 100;
			return true;
		}
		appendStringInfoChar(&repeated, ',');
		appendBinaryStringInfo(&repeated, text.data, text.len);
	}
}

/* Prefix, input and suffix in one. */
static WfString
whole_input(const WfSplit *split, WfString input)
{
	WfString	whole;
	char	   *at;

	if (split->prefix.len == 0 && split->suffix.len == 0)
		return input;
	whole.len = split->prefix.len + input.len + split->suffix.len;
	whole.data = at = palloc(whole.len);
	memcpy(at, split->prefix.data, split->prefix.len);
	memcpy(at + split->prefix.len, input.data, input.len);
	memcpy(at + split->prefix.len + input.len, split->suffix.data, split->suffix.len);
	return whole;
}

/* The next UTF-16 code unit of UTF-8 text; *pending is a low surrogate to come. */
static uint32
next_code_unit(const unsigned char **at, const unsigned char *end, uint32 *pending)
{
	uint32		code;
	int			len;

	if (*pending)
	{
		code = *pending;
		*pending = 0;
		return code;
	}
	len = pg_utf_mblen(*at);
	if (len > end - *at)
		len = 1;
	code = len == 1 ? **at : utf8_to_unicode(*at);
	*at += len;
	if (code < 0x10000)
		return code;
	code -= 0x10000;
	*pending = 0xDC00 + (code & 0x3FF);
	return 0xD800 + (code >> 10);
}
