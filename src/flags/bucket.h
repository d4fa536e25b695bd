/*
 * bucket.h: hashing into buckets.
 *
 * The functions on the path of a plain rollout are inline: together they cost
 * about as much as one call of the server's hashtext().
 */
#ifndef WF_FLAGS_BUCKET_H
#define WF_FLAGS_BUCKET_H

#include "port/pg_bswap.h"

#include "flags/program.h"

extern void wf_flags_murmur3_begin(WfMurmur3 *state, uint32 seed);
extern void wf_flags_murmur3_add(WfMurmur3 *state, const char *data, int len);
extern uint32 wf_flags_murmur3(const char *data, int len, uint32 seed);
extern uint32 wf_flags_fnv1a(WfString text, WfEncoding encoding);
extern WfString wf_flags_encode_text(WfString text, bool converts);
extern WfString wf_flags_encode_low(WfString text);
extern bool wf_flags_split_position(const WfSplit *split, WfString input, double *position);
extern int	wf_flags_split_arm(const WfSplit *split, double position);

static inline uint32
wf_flags_murmur3_word(uint32 word)
{
	word *= 0xcc9e2d51;
	word = (word << 15) | (word >> 17);
	return word * 0x1b873593;
}

static inline uint32
wf_flags_murmur3_mix(uint32 hash, uint32 word)
{
	hash ^= wf_flags_murmur3_word(word);
	hash = (hash << 13) | (hash >> 19);
	return hash * 5 + 0xe6546b64;
}

static inline uint32
wf_flags_murmur3_end(uint32 hash, uint32 length)
{
	hash ^= length;
	hash ^= hash >> 16;
	hash *= 0x85ebca6b;
	hash ^= hash >> 13;
	hash *= 0xc2b2ae35;
	return hash ^ (hash >> 16);
}

static inline uint32
wf_flags_load_le32(const char *data)
{
	uint32		word;

	memcpy(&word, data, sizeof(word));
#ifdef WORDS_BIGENDIAN
	word = pg_bswap32(word);
#endif
	return word;
}

/* Hash of what *state has taken in followed by len bytes of data. */
static inline uint32
wf_flags_murmur3_finish(const WfMurmur3 *state, const char *data, int len)
{
	uint32		hash = state->hash;
	uint32		length = state->length + (uint32) len;
	int			shift = state->ncarry * 8;
	uint64		pending = state->carry;

	/* The carried bytes lie below each word of data; the rest is carried on. */
	for (; len >= 4; len -= 4, data += 4)
	{
		pending |= (uint64) wf_flags_load_le32(data) << shift;
		hash = wf_flags_murmur3_mix(hash, (uint32) pending);
		pending >>= 32;
	}
	for (; len > 0; len--, data++, shift += 8)
		pending |= (uint64) (unsigned char) *data << shift;
	if (shift >= 32)
	{
		hash = wf_flags_murmur3_mix(hash, (uint32) pending);
		pending >>= 32;
	}

	return wf_flags_murmur3_end(hash ^ wf_flags_murmur3_word((uint32) pending), length);
}

/* (hash * total) >> 32, which spreads hashes evenly over 0 to total - 1. */
static inline uint32
wf_flags_multiply(uint32 hash, uint32 total)
{
	return (uint32) (((uint64) hash * total) >> 32);
}

#endif							/* WF_FLAGS_BUCKET_H */
