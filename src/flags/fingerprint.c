/*
 * fingerprint.c: what keys are recognized by without being kept.
 *
 * SipHash-1-3 of 128 bits, under a secret that each backend draws: whoever may
 * choose a key can't choose one that has the fingerprint of another.  The
 * server's own hash functions promise no such thing.
 */
#include "common/compat.h"

#include "flags/fingerprint.h"

static uint64 secret[2];

#define ROTATE(x, n) (((x) << (n)) | ((x) >> (64 - (n))))

#define ROUND(v) \
	do { \
		v[0] += v[1]; v[1] = ROTATE(v[1], 13); v[1] ^= v[0]; v[0] = ROTATE(v[0], 32); \
		v[2] += v[3]; v[3] = ROTATE(v[3], 16); v[3] ^= v[2]; \
		v[0] += v[3]; v[3] = ROTATE(v[3], 21); v[3] ^= v[0]; \
		v[2] += v[1]; v[1] = ROTATE(v[1], 17); v[1] ^= v[2]; v[2] = ROTATE(v[2], 32); \
	} while (0)

static inline void
take_word(uint64 *v, uint64 word)
{
	v[3] ^= word;
	ROUND(v);
	v[0] ^= word;
}

/* Draws the secret of this backend. */
void
wf_flags_fingerprint_init(void)
{
	if (!pg_strong_random(secret, sizeof(secret)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate a random secret")));
}

/* Keys of different scopes have nothing in common. */
void
wf_flags_fingerprint_seed(WfFingerprintSeed *seed, uint64 scope)
{
	uint64	   *v = seed->state;

	v[0] = secret[0] ^ UINT64CONST(0x736f6d6570736575);
	v[1] = secret[1] ^ UINT64CONST(0x646f72616e646f6d) ^ 0xee;
	v[2] = secret[0] ^ UINT64CONST(0x6c7967656e657261);
	v[3] = secret[1] ^ UINT64CONST(0x7465646279746573);
	take_word(v, scope);
}

WfFingerprint
wf_flags_fingerprint(const WfFingerprintSeed *seed, WfString key)
{
	uint64		v[4];
	const char *at = key.data;
	const char *last = key.data + (key.len & ~7);
	uint64		word;
	WfFingerprint result;

	memcpy(v, seed->state, sizeof(v));
	for (; at < last; at += sizeof(word))
	{
		memcpy(&word, at, sizeof(word));
		take_word(v, word);
	}
	word = 0;
	memcpy(&word, at, key.len & 7);

	/*
	 * The length includes the scope; the order of its bytes matters to
	 * nobody.
	 */
	take_word(v, word ^ ((uint64) (key.len + sizeof(uint64)) << 56));
	v[2] ^= 0xee;
	ROUND(v);
	ROUND(v);
	ROUND(v);
	result.first = v[0] ^ v[1] ^ v[2] ^ v[3];
	v[1] ^= 0xdd;
	ROUND(v);
	ROUND(v);
	ROUND(v);
	result.rest = (uint8) (v[0] ^ v[1] ^ v[2] ^ v[3]);
	return result;
}
